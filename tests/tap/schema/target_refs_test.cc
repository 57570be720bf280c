// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>

#include "tap/parse_tap.h"
#include "tap/parsing.h"

namespace traffictap {
namespace {

using namespace tap;  // NOLINT: the names of the unit under test

constexpr const char* kRef = "spec.targetRefs[0]";

}  // namespace

BOOST_AUTO_TEST_SUITE(target_refs)

BOOST_AUTO_TEST_CASE(references_of_the_gateway_api_are_targets_by_other_words) {
  const auto tap = GoodSpec(
      "  targetRefs:\n  - {group: '', kind: Service, name: a}\n  - {kind: Pod, name: b}\n"
      "  - {group: apps, kind: Deployment, name: c}\n"
      "  - {group: gateway.networking.k8s.io, kind: Gateway, name: d}\n");
  BOOST_REQUIRE(tap->targets.size() == 4);
  BOOST_CHECK(tap->targets[0].kind == TargetKind::kService);
  BOOST_CHECK(tap->targets[1].kind == TargetKind::kPod);
  BOOST_CHECK(tap->targets[2].kind == TargetKind::kDeployment);
  BOOST_CHECK(tap->targets[3].kind == TargetKind::kGateway);
  BOOST_TEST(tap->targets[3].name == "d");
  const auto cluster =
      Good(Document("  targetRefs: [{kind: Namespace, name: shop}, {kind: Service, "
                    "name: a, namespace: shop}]\n",
                    "a", "ClusterTrafficTap"));
  BOOST_TEST(cluster->targets[1].ns == "shop");
}

BOOST_AUTO_TEST_CASE(references_that_a_tap_cannot_follow_are_refused) {
  BOOST_TEST(Refuses("  targetRefs: [{kind: Deployment, name: a}]\n", kRef));
  BOOST_TEST(Refuses("  targetRefs: [{group: apps, kind: Service, name: a}]\n", kRef));
  BOOST_TEST(
      Refuses("  targetRefs: [{kind: Service}]\n", "spec.targetRefs[0].name", "MissingField"));
  BOOST_TEST(
      Refuses("  targetRefs: [{kind: Service, name: a, sectionName: http}]\n", kRef, "Conflict"));
  BOOST_TEST(Refuses("  targetRefs: [{kind: Namespace, name: a}]\n", kRef, "Conflict"));
  BOOST_TEST(Refuses("  targetRefs: [{kind: Pod, name: a, namespace: b}]\n", kRef, "Conflict"));
  BOOST_TEST(Refuses("  targetRefs: []\n", "spec.targetRefs"));
  BOOST_TEST(Refuses("  targets: [{kind: Pod, name: a}]\n  targetRefs: [{kind: Pod, name: b}]\n",
                     "spec.targetRefs"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
