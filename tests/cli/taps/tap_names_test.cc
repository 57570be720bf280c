// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/tap_names.h"

#include <boost/test/unit_test.hpp>

#include "fakes/fake_kube_client.h"

namespace traffictap {

BOOST_AUTO_TEST_SUITE(tap_names)

BOOST_AUTO_TEST_CASE(names_may_have_a_namespace_and_a_kind) {
  std::vector<std::string> names;
  const auto take = cli::TapArgument(true, &names).take;
  for (const char* name : {"t", "shop/t", "ttap/t", "traffictap.traffictap.io/t",
                           "traffictaps.v1alpha1.traffictap.io/t", "cttap/t",
                           "clustertraffictaps/t", "ttap.example/t"}) {
    BOOST_TEST(take(name).ok());
  }
  BOOST_TEST((names ==
              std::vector<std::string>{"t", "shop/t", "t", "t", "t", "t", "t", "ttap.example/t"}));
  BOOST_TEST(!take("").ok());
  BOOST_TEST(cli::TapKey("t", "shop") == "shop/t");
  BOOST_TEST(cli::TapKey("bank/t", "shop") == "bank/t");
  BOOST_TEST(cli::TapKey("t", "") == "t");
}

BOOST_AUTO_TEST_CASE(a_key_without_a_namespace_is_a_cluster_tap) {
  BOOST_TEST(cli::ResourceOf(cli::KeyOf("shop/t")).kind == "TrafficTap");
  BOOST_TEST(cli::ResourceOf(cli::KeyOf("t")).kind == "ClusterTrafficTap");
}

BOOST_AUTO_TEST_CASE(taps_of_one_namespace_are_read_there_and_others_everywhere) {
  BOOST_TEST(cli::SharedNamespace({}, "shop") == "shop");
  BOOST_TEST(cli::SharedNamespace({"t", "shop/u"}, "shop") == "shop");
  BOOST_TEST(cli::SharedNamespace({"bank/t"}, "shop") == "bank");
  BOOST_TEST(cli::SharedNamespace({"bank/t", "u"}, "shop") == "");
  BOOST_TEST(cli::SharedNamespace({"t"}, "") == "");
}

BOOST_AUTO_TEST_CASE(a_collector_without_kubernetes_is_asked_for_its_own_taps) {
  auto made = std::make_unique<fakes::FakeKubeClient>();
  made->SetRaw("/api/v1/taps", R"({"taps":[{"tap":"shop/errors"},{"tap":"everything"}]})");
  const cli::Cluster alone{std::move(made), "", true};
  BOOST_TEST((cli::FindTaps(alone, {"errors", "everything"}).value() ==
              std::vector<std::string>{"shop/errors", "everything"}));
  BOOST_TEST(absl::IsNotFound(cli::FindTaps(alone, {"nothing"}).status()));
  BOOST_TEST(cli::FindTaps(alone, {})->empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
