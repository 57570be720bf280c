// SPDX-License-Identifier: Apache-2.0
#include "operator/leases/granted_records.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using leases::FromText;
using leases::GrantedRecords;

BOOST_AUTO_TEST_SUITE(granted_records)

BOOST_AUTO_TEST_CASE(what_is_kept_is_read_again) {
  const GrantedRecords some{120, 7, {{"0a1b", 400}, {"ff00", 0}}};
  BOOST_TEST(leases::ToText(some) == "120 7 0a1b=400 ff00=0");
  for (const auto& granted : {some, GrantedRecords(), GrantedRecords{UINT64_MAX, 0, {}}}) {
    const auto read = FromText(leases::ToText(granted));
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST((*read == granted));
  }
}

BOOST_AUTO_TEST_CASE(any_other_text_is_none) {
  for (const char* text : {"", "1", "1 ", "a 0", "1 0 x", "1 0 =5", "1 0 x=", "1 0 x=-1",
                           "1 0 x=99999999999999999999", "1,0", "1 0x"}) {
    BOOST_TEST(!FromText(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
