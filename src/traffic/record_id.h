// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "traffic/record_batch.h"

namespace traffictap::traffic {

// The id of the record whose principal entry is `entry`: the same whichever tap or output it goes
// through, so that duplicates show downstream, and another one for every other request or
// connection. All entries that a proxy writes of one stream have one id, while it is open and at its
// end, so that a reader can put the newer record in the place of the older one.
uint64_t RecordId(const RecordOrigin& origin, const PackedEntry& entry);

}  // namespace traffictap::traffic
