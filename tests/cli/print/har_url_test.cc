// SPDX-License-Identifier: Apache-2.0
#include "cli/print/har_url.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

std::string Url(const std::string& scheme, const std::string& authority, const std::string& path,
                const std::string& address = "") {
  v1::TrafficPair pair;
  pair.mutable_request()->set_scheme(scheme);
  pair.mutable_request()->set_authority(authority);
  pair.mutable_request()->set_path(path);
  pair.mutable_destination()->set_address(address);
  return cli::print::HarUrl(pair);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(har_url)

BOOST_AUTO_TEST_CASE(what_is_legal_stays) {
  BOOST_TEST(Url("https", "cart:8080", "/a/b?c=d&e=%20f") == "https://cart:8080/a/b?c=d&e=%20f");
  BOOST_TEST(Url("http", "[fd00::1]:80", "/") == "http://[fd00::1]:80/");
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_the_called_address) {
  BOOST_TEST(Url("", "", "", "10.0.0.9:80") == "http://10.0.0.9:80/");
  BOOST_TEST(Url("", "", "*") == "http://unknown/*");
}

BOOST_AUTO_TEST_CASE(what_may_not_stand_in_one_is_encoded) {
  BOOST_TEST(Url("javascript", "a b\"<>", "/x y#z[1]{}|\\^`%zz\x1b") ==
             "http://a%20b%22%3C%3E/x%20y%23z%5B1%5D%7B%7D%7C%5C%5E%60%25zz%1B");
  BOOST_TEST(Url("http", "a/b?c#d", "/ü") == "http://a%2Fb%3Fc%23d/%C3%BC");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
