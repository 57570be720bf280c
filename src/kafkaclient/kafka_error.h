// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/status.h"
#include "tap/tap_spec.h"

namespace traffictap::kafkaclient {

// An rd_kafka_resp_err_t in our words. What the user can do about it decides the code; the message
// says it, with librdkafka's `detail`.
Status KafkaError(int error, const tap::KafkaOutput& spec, const std::string& detail);

}  // namespace traffictap::kafkaclient
