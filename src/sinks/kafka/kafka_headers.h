// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "kafkaclient/message_headers.h"
#include "tap/output_spec.h"
#include "traffic/record_batch.h"

namespace traffictap::sinks {

// The headers of a record's message, in their order: `content-type` and `traffictap-schema`; with
// kCloudEvents also the attributes of a CloudEvent in binary content mode (CloudEvents 1.0, Kafka
// Protocol Binding, 3.2): the record is the event's data, the tap its source, the called workload
// its subject.
kafkaclient::MessageHeaders HeadersOf(tap::KafkaHeaders kind, const traffic::RecordBatch& records,
                                      size_t index);

}  // namespace traffictap::sinks
