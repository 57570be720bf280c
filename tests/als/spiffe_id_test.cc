#include "als/spiffe_id.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using namespace als;  // NOLINT: the names of the unit under test

BOOST_AUTO_TEST_SUITE(spiffe_id)

BOOST_AUTO_TEST_CASE(reads_what_istio_writes) {
  const auto id = ParseSpiffeId("spiffe://cluster.local/ns/shop/sa/cart-sa");
  BOOST_REQUIRE(id);
  BOOST_TEST(id->trust_domain == "cluster.local");
  BOOST_TEST(id->ns == "shop");
  BOOST_TEST(id->service_account == "cart-sa");
}

BOOST_AUTO_TEST_CASE(refuses_every_other_form) {
  for (const char* uri :
       {"", "spiffe://", "spiffe://td", "spiffe://td/ns/shop", "spiffe://td/ns/shop/sa/",
        "spiffe://td/ns//sa/cart", "spiffe:///ns/shop/sa/cart", "spiffe://td/sa/cart/ns/shop",
        "spiffe://td/ns/shop/sa/cart/more", "https://td/ns/shop/sa/cart"}) {
    BOOST_TEST(!ParseSpiffeId(uri).has_value(), uri);
  }
}

BOOST_AUTO_TEST_CASE(takes_the_word_of_the_last_proxy_alone) {
  BOOST_TEST(LastForwardedUri("By=spiffe://td/ns/x/sa/y;Hash=ab;Subject=\"\";URI=spiffe://td/1")
                 .value_or("") == "spiffe://td/1");
  BOOST_TEST(LastForwardedUri("URI=forged,Hash=cd;URI=seen").value_or("") == "seen");
  BOOST_TEST(!LastForwardedUri("URI=forged,Hash=cd").has_value());
}

BOOST_AUTO_TEST_CASE(a_quoted_value_hides_no_element) {
  BOOST_TEST(LastForwardedUri(R"(Subject="CN=a,URI=forged;x";URI=seen)").value_or("") == "seen");
  BOOST_TEST(LastForwardedUri(R"(Subject="a\",URI=forged";URI=seen)").value_or("") == "seen");
  // A quote that never ends swallows the rest: nothing is better than a guess.
  BOOST_TEST(!LastForwardedUri(R"(Subject="a;URI=x)").has_value());
}

BOOST_AUTO_TEST_CASE(none_or_several_identities_are_no_identity) {
  for (const char* header : {"", ",", "URI", "URI=", "URI=a;URI=b", "=a", ";;;", "By=a;DNS=b"}) {
    BOOST_TEST(!LastForwardedUri(header).has_value(), header);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
