// SPDX-License-Identifier: Apache-2.0
#include "cli/print/cell_text.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using namespace cli::print;

BOOST_AUTO_TEST_SUITE(cell_text)

BOOST_AUTO_TEST_CASE(an_end_is_its_namespace_and_the_best_name_there_is) {
  v1::Workload end;
  BOOST_TEST(EndText(end) == "?");
  end.set_namespace_("shop");
  BOOST_TEST(EndText(end) == "shop/…");
  end.set_ip("10.0.0.1");
  BOOST_TEST(EndText(end) == "shop/10.0.0.1");
  end.set_name("cart");
  BOOST_TEST(EndText(end) == "shop/cart");
}

BOOST_AUTO_TEST_CASE(an_end_that_only_the_other_side_tells_of_has_the_best_name_there_is) {
  v1::Workload end;
  end.set_ip("10.0.0.1");
  end.set_name("10.0.0.1");
  BOOST_TEST(EndText(end) == "10.0.0.1");
  end.set_principal("spiffe://cluster.local/ns/shop/sa/client");
  BOOST_TEST(EndText(end) == "shop/sa:client");
  end.set_service("legacy.shop.svc.cluster.local");
  BOOST_TEST(EndText(end) == "shop/legacy");
  end.set_service("api.example.com");
  BOOST_TEST(EndText(end) == "api.example.com");
  end.set_name("cart");
  BOOST_TEST(EndText(end) == "cart");
}

BOOST_AUTO_TEST_CASE(durations_have_three_digits) {
  BOOST_TEST(DurationText(std::nullopt) == "-");
  BOOST_TEST(DurationText(0) == "0.00ms");
  BOOST_TEST(DurationText(9.876) == "9.88ms");
  BOOST_TEST(DurationText(-12.34) == "-12.3ms");
  BOOST_TEST(DurationText(999.4) == "999ms");
  BOOST_TEST(DurationText(1234) == "1.23s");
  BOOST_TEST(DurationText(123456) == "123.5s");
}

BOOST_AUTO_TEST_CASE(both_sides_codes_show_where_they_differ) {
  v1::TrafficPair pair;
  pair.mutable_client()->set_code(200);
  BOOST_TEST(CodesText(pair) == "200/-");
  pair.add_server()->set_code(200);
  BOOST_TEST(CodesText(pair) == "200");
  pair.mutable_client()->set_code(0);
  BOOST_TEST(CodesText(pair) == "0/200");
}

BOOST_AUTO_TEST_CASE(a_call_of_grpc_that_failed_shows_its_status_and_not_its_code) {
  v1::TrafficPair pair;
  for (auto* side : {pair.mutable_client(), pair.add_server()}) {
    side->set_code(200);
    side->set_grpc_status("OK");
  }
  BOOST_TEST(CodesText(pair) == "200");
  pair.mutable_client()->set_grpc_status("UNAVAILABLE");
  BOOST_TEST(CodesText(pair) == "UNAVAILABLE/200");
  pair.mutable_server(0)->set_grpc_status("UNAVAILABLE");
  BOOST_TEST(CodesText(pair) == "UNAVAILABLE");
  pair.mutable_server(0)->set_grpc_status("\x1b[31m");
  BOOST_TEST(CodesText(pair).find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_tone_is_that_of_the_verdict) {
  v1::TrafficPair pair;
  pair.set_verdict("Ok");
  BOOST_TEST((ToneOf(pair) == Tone::kPlain));
  pair.set_orphan_reason("NeverArrived");
  BOOST_TEST((ToneOf(pair) == Tone::kWarning));
  pair.set_verdict("NetworkOrProxy");
  BOOST_TEST((ToneOf(pair) == Tone::kBad));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
