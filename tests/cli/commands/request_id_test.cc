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

BOOST_AUTO_TEST_CASE(capitals_make_no_other_request) {
  BOOST_TEST(IsSameRequest("3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f60",
                           "3F1F4B0E-8C1D-4D5E-9A57-1D2C3B4A5F60"));
}

BOOST_AUTO_TEST_CASE(an_id_is_found_in_what_people_copy) {
  for (const char* text : {"id-7", " id-7\n", "\"id-7\"", "x-request-id: id-7", "X-Request-Id:id-7",
                           "'x-request-id: id-7'", "x-request-id: \"id-7\""}) {
    BOOST_TEST(PastedId(text) == "id-7", text);
  }
  BOOST_TEST(PastedId("other: id-7") == "other: id-7");
  BOOST_TEST(PastedId(" \"\" ") == "");
}

BOOST_AUTO_TEST_CASE(a_uuid_is_looked_for_by_what_is_behind_that_digit) {
  BOOST_TEST(SearchedText("3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f60") == "d5e-9a57-1d2c3b4a5f60");
  BOOST_TEST(SearchedText("request-7") == "request-7");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::cli
