// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/message_headers.h"

#include <librdkafka/rdkafka.h>

#include <boost/test/unit_test.hpp>
#include <string_view>

namespace traffictap::kafkaclient {

BOOST_AUTO_TEST_SUITE(message_headers)

BOOST_AUTO_TEST_CASE(librdkafka_has_them_in_their_order_byte_for_byte) {
  const MessageHeaders headers = {
      {"content-type", "application/json"}, {"empty", ""}, {"zero", std::string("a\0b", 3)}};
  rd_kafka_headers_t* made = MakeHeaders(headers);
  BOOST_TEST(rd_kafka_header_cnt(made) == headers.size());
  for (size_t i = 0; i < headers.size(); ++i) {
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    BOOST_REQUIRE(rd_kafka_header_get_all(made, i, &name, &value, &size) ==
                  RD_KAFKA_RESP_ERR_NO_ERROR);
    BOOST_TEST(name == headers[i].first);
    BOOST_TEST((std::string_view(static_cast<const char*>(value), size) == headers[i].second));
  }
  rd_kafka_headers_destroy(made);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::kafkaclient
