// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/message_headers.h"

#include <librdkafka/rdkafka.h>

namespace traffictap::kafkaclient {

rd_kafka_headers_s* MakeHeaders(const MessageHeaders& headers) {
  rd_kafka_headers_t* out = rd_kafka_headers_new(headers.size());
  for (const auto& [name, value] : headers) {
    rd_kafka_header_add(out, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  return out;
}

}  // namespace traffictap::kafkaclient
