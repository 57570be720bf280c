// SPDX-License-Identifier: Apache-2.0
#include "kube/url_escape.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

BOOST_AUTO_TEST_SUITE(url_escape)

BOOST_AUTO_TEST_CASE(only_unreserved_characters_stay) {
  BOOST_TEST(kube::EscapeUrl("aZ09-._~") == "aZ09-._~");
  BOOST_TEST(kube::EscapeUrl("a/b?c=d&e%") == "a%2Fb%3Fc%3Dd%26e%25");
  BOOST_TEST(kube::EscapeUrl("\xC3\xA4 \n") == "%C3%A4%20%0A");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
