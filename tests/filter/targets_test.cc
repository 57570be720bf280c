// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>

#include "filter/entry_filter.h"

namespace traffictap {
namespace {

using filter::TargetsNode;
using tap::Target;
using tap::TargetKind;

traffic::Node Sidecar() {
  traffic::Node node;
  node.proxy_type = "sidecar";
  node.pod = "cart-1";
  node.ns = "shop";
  node.workload = "cart";
  node.labels = {{"app", "cart"}, {"version", "v1"}};
  return node;
}

traffic::Node Gateway() {
  traffic::Node node;
  node.proxy_type = "router";
  node.pod = "edge-istio-1";
  node.ns = "shop";
  node.workload = "edge-istio";
  node.labels = {{"gateway.networking.k8s.io/gateway-name", "edge"}, {"team", "web"}};
  return node;
}

tap::TapSpec TapOf(const std::vector<Target>& targets, const std::string& ns = "shop") {
  tap::TapSpec spec;
  spec.name = "tap";
  spec.ns = ns;
  spec.cluster_scoped = ns.empty();
  spec.targets = targets;
  return spec;
}

bool Targets(const Target& target, const traffic::Node& node) {
  return TargetsNode(TapOf({target}), node);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(targets)

BOOST_AUTO_TEST_CASE(no_targets_mean_every_proxy_of_the_namespace) {
  BOOST_TEST(TargetsNode(TapOf({}), Sidecar()));
  BOOST_TEST(TargetsNode(TapOf({}), Gateway()));
  BOOST_TEST(!TargetsNode(TapOf({}, "store"), Sidecar()));
}

BOOST_AUTO_TEST_CASE(no_targets_of_a_cluster_tap_mean_every_proxy) {
  BOOST_TEST(TargetsNode(TapOf({}, ""), Sidecar()));
}

BOOST_AUTO_TEST_CASE(a_tap_selects_nothing_outside_of_its_namespace) {
  for (const auto kind : {TargetKind::kWorkload, TargetKind::kPod, TargetKind::kNamespace}) {
    BOOST_TEST(!TargetsNode(
        TapOf({{kind, kind == TargetKind::kPod ? "cart-1" : "cart", {}}}, "store"), Sidecar()));
  }
}

BOOST_AUTO_TEST_CASE(a_workload_is_chosen_by_name) {
  BOOST_TEST(Targets({TargetKind::kWorkload, "cart", {}}, Sidecar()));
  BOOST_TEST(!Targets({TargetKind::kWorkload, "cart-1", {}}, Sidecar()));
  BOOST_TEST(!Targets({TargetKind::kWorkload, "car", {}}, Sidecar()));
}

BOOST_AUTO_TEST_CASE(a_pod_is_chosen_by_name) {
  BOOST_TEST(Targets({TargetKind::kPod, "cart-1", {}}, Sidecar()));
  BOOST_TEST(!Targets({TargetKind::kPod, "cart", {}}, Sidecar()));
}

BOOST_AUTO_TEST_CASE(a_selector_needs_every_label) {
  BOOST_TEST(Targets({TargetKind::kWorkload, "", {{"app", "cart"}}}, Sidecar()));
  BOOST_TEST(Targets({TargetKind::kPod, "", {{"app", "cart"}, {"version", "v1"}}}, Sidecar()));
  BOOST_TEST(!Targets({TargetKind::kPod, "", {{"app", "cart"}, {"version", "v2"}}}, Sidecar()));
  BOOST_TEST(!Targets({TargetKind::kWorkload, "", {{"missing", ""}}}, Sidecar()));
}

BOOST_AUTO_TEST_CASE(name_and_selector_must_both_hold) {
  BOOST_TEST(Targets({TargetKind::kWorkload, "cart", {{"version", "v1"}}}, Sidecar()));
  BOOST_TEST(!Targets({TargetKind::kWorkload, "cart", {{"version", "v2"}}}, Sidecar()));
  BOOST_TEST(!Targets({TargetKind::kWorkload, "other", {{"version", "v1"}}}, Sidecar()));
}

BOOST_AUTO_TEST_CASE(one_of_several_targets_is_enough) {
  BOOST_TEST(TargetsNode(TapOf({{TargetKind::kPod, "x", {}}, {TargetKind::kWorkload, "cart", {}}}),
                         Sidecar()));
}

BOOST_AUTO_TEST_CASE(a_namespace_of_a_cluster_tap_is_chosen_by_name) {
  BOOST_TEST(TargetsNode(TapOf({{TargetKind::kNamespace, "shop", {}}}, ""), Sidecar()));
  BOOST_TEST(!TargetsNode(TapOf({{TargetKind::kNamespace, "store", {}}}, ""), Sidecar()));
  BOOST_TEST(Targets({TargetKind::kNamespace, "", {}}, Sidecar()));
}

BOOST_AUTO_TEST_CASE(a_gateway_is_chosen_by_its_label_and_an_older_one_by_its_workload) {
  BOOST_TEST(Targets({TargetKind::kGateway, "edge", {}}, Gateway()));
  BOOST_TEST(!Targets({TargetKind::kGateway, "edge-istio", {}}, Gateway()));
  BOOST_TEST(Targets({TargetKind::kGateway, "", {{"team", "web"}}}, Gateway()));
  traffic::Node older = Gateway();
  older.labels.clear();
  BOOST_TEST(Targets({TargetKind::kGateway, "edge-istio", {}}, older));
  BOOST_TEST(!Targets({TargetKind::kGateway, "edge", {}}, older));
}

BOOST_AUTO_TEST_CASE(a_waypoint_is_a_gateway) {
  traffic::Node waypoint = Gateway();
  waypoint.proxy_type = "waypoint";
  BOOST_TEST(Targets({TargetKind::kGateway, "edge", {}}, waypoint));
}

BOOST_AUTO_TEST_CASE(a_sidecar_is_no_gateway) {
  BOOST_TEST(!Targets({TargetKind::kGateway, "cart", {}}, Sidecar()));
  BOOST_TEST(!Targets({TargetKind::kGateway, "", {{"app", "cart"}}}, Sidecar()));
}

BOOST_AUTO_TEST_CASE(a_peer_is_attached_by_namespace_and_workload_where_the_operator_says_so) {
  auto spec = TapOf({{TargetKind::kWorkload, "web"}});
  BOOST_TEST(!filter::IsAttachedPeer(spec, Sidecar()));
  spec.known_peers = {{"shop", "cart", false, "", {}}, {"bank", "cart", true, "", {}}};
  BOOST_TEST(!filter::IsAttachedPeer(spec, Sidecar()));
  spec.known_peers[0].attached = true;
  BOOST_TEST(filter::IsAttachedPeer(spec, Sidecar()));
  BOOST_TEST(!TargetsNode(spec, Sidecar()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
