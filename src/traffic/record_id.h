// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "traffic/record_batch.h"

namespace traffictap::traffic {

// The id of the record whose principal entry is `entry`: the same whichever tap or output it goes
// through, so that duplicates show downstream, and another one for every other entry.
uint64_t RecordId(const RecordOrigin& origin, const PackedEntry& entry);

}  // namespace traffictap::traffic
