// SPDX-License-Identifier: Apache-2.0
#include "web/query.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace web {

BOOST_AUTO_TEST_SUITE(query)

BOOST_AUTO_TEST_CASE(parameters_keep_their_order_and_are_decoded) {
  const auto read = ParseQuery("b=1&a=%2Fcart+x&a=&c&&d=1%3D2=3").value();
  BOOST_REQUIRE(read.size() == 5u);
  BOOST_TEST(read[0].name == "b");
  BOOST_TEST(read[1].value == "/cart x");
  BOOST_TEST(read[2].value == "");
  BOOST_TEST(read[3].name == "c");
  BOOST_TEST(read[4].value == "1=2=3");
  BOOST_TEST(ParseQuery("").value().empty());
}

BOOST_AUTO_TEST_CASE(broken_escapes_and_too_many_parameters_are_refused) {
  for (const char* bad : {"a=%", "a=%4", "a=%zz", "%g0=1"}) {
    BOOST_TEST((ParseQuery(bad).status().code() == absl::StatusCode::kInvalidArgument));
  }
  std::string many;
  for (int i = 0; i < 65; ++i) many += "a=1&";
  BOOST_TEST(!ParseQuery(many).ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace web
}  // namespace traffictap
