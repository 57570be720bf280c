// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/read_selector.h"

#include <boost/test/unit_test.hpp>

namespace traffictap::cli {
namespace {

using Alternatives = std::vector<tap::Labels>;

BOOST_AUTO_TEST_SUITE(read_selector)

BOOST_AUTO_TEST_CASE(equalities_hold_together) {
  const Alternatives both = {{{"app", "cart"}, {"example.com/tier", "web"}}};
  BOOST_TEST((*ReadSelector("app=cart,example.com/tier=web") == both));
  BOOST_TEST((*ReadSelector(" app == cart , example.com/tier = web") == both));
  BOOST_TEST((*ReadSelector("app=") == Alternatives{{{"app", ""}}}));
}

BOOST_AUTO_TEST_CASE(a_list_of_values_is_alternatives) {
  const Alternatives versions = {{{"app", "cart"}, {"v", "1"}}, {{"app", "cart"}, {"v", "2"}}};
  BOOST_TEST((*ReadSelector("app=cart,v in (1, 2)") == versions));
  BOOST_TEST(ReadSelector("a in (1,2,3),b in (1,2)")->size() == 6u);
}

BOOST_AUTO_TEST_CASE(what_a_tap_cannot_say_is_refused_with_a_remedy) {
  for (const char* wrong : {"", "app", "!app", "app!=cart", "app notin (cart)", "app in cart",
                            "in (a)", "=cart", "app=cart,", "app=a,app=b"}) {
    const auto read = ReadSelector(wrong);
    BOOST_TEST(absl::IsInvalidArgument(read.status()), wrong);
  }
  BOOST_TEST(Message(ReadSelector("app!=cart").status()).find("KEY=VALUE") != std::string::npos);
  const std::string many = "(1,2,3,4,5,6,7)";
  BOOST_TEST(!ReadSelector("a in " + many + ",b in " + many).ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap::cli
