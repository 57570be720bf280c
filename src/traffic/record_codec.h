// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "traffic/record_batch.h"

namespace traffictap::traffic {

// Records as bytes that another process, or a later build, reads back: the same records under the
// same ids, for every output. Numbers are variable in length and lists carry their size, so a field
// that is added at the end of a list is the default where older bytes lack it, and passed over by
// an older build. What only the pairer needs (arrival, the taps of an entry, a node's addresses) is
// left out.
std::string EncodeRecords(const RecordSelection& records, size_t from, size_t count);

// Appends the records of `bytes` to `batch`, which is made where it is null. kFailedPrecondition:
// the batch is of another tap. kDataLoss: the bytes are none of EncodeRecords'. On a failure the
// batch stays as it was. Any bytes are safe.
Status DecodeRecords(std::string_view bytes, std::shared_ptr<RecordBatch>* batch);

}  // namespace traffictap::traffic
