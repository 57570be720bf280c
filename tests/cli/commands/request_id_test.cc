// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/request_id.h"

#include <boost/test/unit_test.hpp>

namespace traffictap::cli {

BOOST_AUTO_TEST_SUITE(request_id)

BOOST_AUTO_TEST_CASE(the_digit_that_envoy_writes_makes_no_other_request) {
  const std::string id = "3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f60";
  BOOST_TEST(IsSameRequest(id, "3f1f4b0e-8c1d-9d5e-9a57-1d2c3b4a5f60"));
  BOOST_TEST(!IsSameRequest(id, "3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f61"));
  BOOST_TEST(!IsSameRequest("", ""));
}

BOOST_AUTO_TEST_CASE(a_uuid_is_looked_for_by_what_is_behind_that_digit) {
  BOOST_TEST(SearchedText("3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f60") == "d5e-9a57-1d2c3b4a5f60");
  BOOST_TEST(SearchedText("request-7") == "request-7");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::cli
