// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "traffic/packed_entry.h"

namespace traffictap::traffic {

// 128 bits, so that no two records of a mesh have one by chance: of 64 bits a million requests a second
// would meet some two hundred times a day. Either half alone is a good hash too.
struct RecordId {
  uint64_t high = 0;
  uint64_t low = 0;
  friend bool operator==(const RecordId&, const RecordId&) = default;
};

// The id of the record whose principal entry is `entry`: the same whichever collector, tap or output
// it goes through, so that duplicates show downstream, and another one for every other request or
// connection. All entries that a proxy writes of one stream have one id, while it is open and at its
// end, so that a reader can put the newer record in the place of the older one. Stable over time and
// builds.
RecordId RecordIdOf(const PackedEntry& entry);

// 32 hexadecimal digits in lower case, `high` first.
std::string RecordIdText(const RecordId& id);

}  // namespace traffictap::traffic
