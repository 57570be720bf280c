// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

// librdkafka's own type, which its header has under this name.
struct rd_kafka_headers_s;

namespace traffictap::kafkaclient {

// Names and values of a message's headers, in their order.
using MessageHeaders = std::vector<std::pair<std::string, std::string>>;

// The same as librdkafka takes them; the caller owns them.
rd_kafka_headers_s* MakeHeaders(const MessageHeaders& headers);

}  // namespace traffictap::kafkaclient
