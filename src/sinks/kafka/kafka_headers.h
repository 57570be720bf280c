// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tap/output_spec.h"
#include "traffic/record_batch.h"

// librdkafka's own type, which its header has under this name.
struct rd_kafka_headers_s;

namespace traffictap::sinks {

// The headers of a record's message, in their order: `content-type` and `traffictap-schema`; with
// kCloudEvents also the attributes of a CloudEvent in binary content mode (CloudEvents 1.0, Kafka
// Protocol Binding, 3.2): the record is the event's data, the tap its source, the called workload
// its subject.
std::vector<std::pair<std::string, std::string>> HeadersOf(tap::KafkaHeaders kind,
                                                           const traffic::RecordBatch& records,
                                                           size_t index);

// The same as librdkafka takes them; the caller owns them.
rd_kafka_headers_s* MakeHeaders(tap::KafkaHeaders kind, const traffic::RecordBatch& records,
                                size_t index);

}  // namespace traffictap::sinks
