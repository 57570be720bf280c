// SPDX-License-Identifier: Apache-2.0
#include "observe/explanation.h"

#include <boost/test/unit_test.hpp>

#include "traffic/read_pair.h"

namespace traffictap {

BOOST_AUTO_TEST_SUITE(explanation)

BOOST_AUTO_TEST_CASE(a_missing_side_is_a_sentence_and_each_flag_comes_once) {
  const auto pair =
      traffic::ReadPair(R"({"verdict":"NetworkOrProxy","request":{},"orphanReason":"NeverArrived",)"
                        R"("client":{"flags":["UF","FLAG77","UF"]}})");
  const auto told = observe::Explain(*pair);
  BOOST_TEST(told.missing.starts_with("The server's side is missing (NeverArrived): "));
  BOOST_TEST(told.missing.ends_with("."));
  BOOST_REQUIRE(told.flags.size() == 2);
  BOOST_TEST(!told.flags[0].meaning.empty());
  BOOST_TEST(told.flags[1].meaning.empty());
  BOOST_TEST(!told.blame.empty());
}

BOOST_AUTO_TEST_CASE(an_end_is_named_by_its_workload_then_its_service_then_its_address) {
  v1::Workload end;
  BOOST_TEST(observe::ShortName(end) == "?");
  end.set_namespace_("bank");
  BOOST_TEST(observe::ShortName(end) == "a workload of bank");
  end.set_ip("10.0.0.1");
  end.set_name("10.0.0.1");
  BOOST_TEST(observe::ShortName(end) == "10.0.0.1");
  end.set_service("api.example.com");
  BOOST_TEST(observe::ShortName(end) == "api.example.com");
  end.set_service("cart.shop.svc.cluster.local");
  BOOST_TEST(observe::ShortName(end) == "cart");
  end.set_name("cart-v2");
  BOOST_TEST(observe::ShortName(end) == "cart-v2");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
