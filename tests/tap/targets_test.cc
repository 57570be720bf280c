// SPDX-License-Identifier: Apache-2.0
#include "tap/targets.h"

#include <boost/test/unit_test.hpp>

namespace traffictap::tap {

struct TargetsTest {
  bool Means(TargetKind kind, const std::string& name, bool is_gateway = false) {
    TapSpec spec;
    spec.ns = "shop";
    spec.targets = {{kind, name, {}}};
    return TargetsProxy(spec, {"shop", "edge-1", "edge-istio", is_gateway, &labels});
  }
  Labels labels = {{kGatewayNameLabel, "edge"}};
};

BOOST_FIXTURE_TEST_SUITE(targets_rule, TargetsTest)

BOOST_AUTO_TEST_CASE(a_gateway_goes_by_its_gateways_name_or_else_by_its_workload) {
  BOOST_TEST(Means(TargetKind::kGateway, "edge", true));
  BOOST_TEST(!Means(TargetKind::kGateway, "edge-istio", true));
  labels.clear();
  BOOST_TEST(Means(TargetKind::kGateway, "edge-istio", true));
  BOOST_TEST(!Means(TargetKind::kGateway, "edge", true));
}

BOOST_AUTO_TEST_CASE(a_sidecar_is_no_gateway_whatever_its_labels_say) {
  BOOST_TEST(!Means(TargetKind::kGateway, "edge"));
  BOOST_TEST(!Means(TargetKind::kGateway, ""));
  BOOST_TEST(Means(TargetKind::kWorkload, "edge-istio"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::tap
