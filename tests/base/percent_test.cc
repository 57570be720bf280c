// SPDX-License-Identifier: Apache-2.0
#include "base/percent.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

BOOST_AUTO_TEST_SUITE(percent)

BOOST_AUTO_TEST_CASE(only_unreserved_characters_stay) {
  BOOST_TEST(base::PercentEncode("aZ09-._~") == "aZ09-._~");
  BOOST_TEST(base::PercentEncode("a/b?c=d&e%") == "a%2Fb%3Fc%3Dd%26e%25");
  BOOST_TEST(base::PercentEncode("\xC3\xA4 \n") == "%C3%A4%20%0A");
}

BOOST_AUTO_TEST_CASE(what_is_to_be_kept_stays_too) {
  BOOST_TEST(base::PercentEncode("/a b?c=%", "/?=") == "/a%20b?c=%25");
}

BOOST_AUTO_TEST_CASE(a_code_is_two_digits_of_either_case_and_nothing_else) {
  BOOST_TEST(base::PercentByte("%2Frest").value() == '/');
  BOOST_TEST(base::PercentByte("%2f").value() == '/');
  BOOST_TEST(base::PercentByte("%FF").value() == '\xff');
  for (const char* none : {"", "%", "%2", "%2x", "%x2", "%-1", "%+1", "% 1", "2F%"}) {
    BOOST_TEST(!base::PercentByte(none).has_value(), none);
  }
}

BOOST_AUTO_TEST_CASE(decoding_is_the_way_back_and_leaves_what_is_no_code) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  BOOST_TEST(base::PercentDecode(base::PercentEncode(all)) == all);
  BOOST_TEST(base::PercentDecode("100%, 5%x, %41%") == "100%, 5%x, A%");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
