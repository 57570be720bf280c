// SPDX-License-Identifier: Apache-2.0
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

BOOST_AUTO_TEST_CASE(takes_the_uri_that_the_sidecar_wrote_wherever_it_stands) {
  const std::string want = "spiffe://cluster.local/ns/shop/sa/cart";
  for (const std::string& header : {
           "URI=" + want,
           "uri=" + want,
           "URI=\"" + want + "\"",
           "By=spiffe://cluster.local/ns/tap/sa/collector;Hash=ab12;Subject=\"\";URI=" + want,
           "By=x;Hash=ab;Cert=\"-----BEGIN%20\";Chain=\"\";Subject=\"CN=a,O=b;c\";URI=" + want +
               ";DNS=cart.shop;DNS=cart",
           "URI=" + want + R"(;Subject="say \"URI=spiffe://cluster.local/ns/bank/sa/vault\" \\")",
           "Hash=;By=;URI=" + want,
       }) {
    BOOST_TEST(ForwardedUri(header).value_or("none") == want, header);
  }
}

// The sidecar before us writes one element. A second one is what the client sent itself, whether it
// stands before the sidecar's (APPEND_FORWARD) or is all there is.
BOOST_AUTO_TEST_CASE(more_than_one_element_is_nobodys_word) {
  for (const char* header : {"URI=forged,By=b;URI=seen", "URI=seen,", ",URI=seen",
                             "URI=seen,Hash=a", "By=b,URI=seen", R"(Subject="x",URI=seen)", ","}) {
    BOOST_TEST(!ForwardedUri(header).has_value(), header);
  }
}

// What the client wrote before the sidecar's element must not be read as a part of it, nor the
// sidecar's as a part of what the client wrote.
BOOST_AUTO_TEST_CASE(no_quote_of_the_clients_hides_what_the_sidecar_appends) {
  const std::string appended = R"(,By=b;Hash=a;Subject="";URI=spiffe://td/ns/thief/sa/thief)";
  for (const char* sent : {
           R"(URI=spiffe://td/ns/shop/sa/cart;Subject=")",     // left open
           R"(Subject="";URI=spiffe://td/ns/shop/sa/cart;")",  // and where no value begins
           R"(URI=spiffe://td/ns/shop/sa/cart;DNS=a")",        // in the middle of a value
           R"(URI=spiffe://td/ns/shop/sa/cart;DNS=a"b)",
           R"(URI=spiffe://td/ns/shop/sa/cart;Subject="\")",  // an escaped one does not close
           R"(URI=spiffe://td/ns/shop/sa/cart;Subject="\\\")",
           R"(URI=spiffe://td/ns/shop/sa/cart;Subject="a"b")",  // one goes on behind its end
           R"(URI="spiffe://td/ns/shop/sa/cart)",
           R"(URI=spiffe://td/ns/shop/sa/cart;Subject)",
           R"(URI=spiffe://td/ns/shop/sa/cart;Subject=")"
           "\\",
           R"(URI=spiffe://td/ns/shop/sa/cart)",
           R"(URI=spiffe://td/ns/shop/sa/cart;DNS=")",
           R"(")",
           "",
       }) {
    BOOST_TEST(!ForwardedUri(sent + appended).has_value(), sent);
    const std::string twice = std::string(sent) + ";" + sent + appended;
    BOOST_TEST(!ForwardedUri(twice).has_value(), twice);
  }
}

BOOST_AUTO_TEST_CASE(a_quote_that_never_ends_is_refused_whatever_stands_before_it) {
  for (const char* header : {R"(URI=a;Subject=")", R"(URI=a;Subject="x)", R"(URI=a;Subject="x\")",
                             R"(URI=a;Subject="\)", R"(Subject="a;URI=x)", R"(URI="a)"}) {
    BOOST_TEST(!ForwardedUri(header).has_value(), header);
  }
}

BOOST_AUTO_TEST_CASE(a_quoted_value_hides_nothing_and_adds_nothing) {
  BOOST_TEST(ForwardedUri(R"(Subject="CN=a,URI=forged;x";URI=seen)").value_or("") == "seen");
  BOOST_TEST(ForwardedUri(R"(Subject="a\",URI=forged";URI=seen)").value_or("") == "seen");
  BOOST_TEST(!ForwardedUri(R"(Subject="URI=forged")").has_value());
}

BOOST_AUTO_TEST_CASE(none_or_several_identities_are_no_identity) {
  for (const char* header :
       {"", "URI", "URI=", "URI=\"\"", "URI=a;URI=b", "URI=a;uri=a", "=a", ";;;", "By=a;DNS=b",
        ";URI=a", "URI=a;", " URI=a", "URI =a", "URI=a=b", "X-URI=a", "URI=a;=b", "URI\0=a"}) {
    BOOST_TEST(!ForwardedUri(header).has_value(), header);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
