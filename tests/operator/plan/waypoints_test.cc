// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/waypoints.h"

#include <boost/test/unit_test.hpp>

#include "operator/plan/selection.h"

namespace traffictap::plan {
namespace {

constexpr const char* kUse = "istio.io/use-waypoint";

struct Mesh {
  Mesh() {
    snapshot.namespaces = {{"shop", {}}};
    Pod pod;
    pod.ns = "shop";
    pod.name = "cart-0";
    pod.workload = "cart";
    pod.workload_kind = "Deployment";
    pod.labels = {{"app", "cart"}};
    snapshot.pods = {pod};
  }
  // "NAMESPACE/NAME"; empty: none.
  std::string Waypoint() const {
    const MeshIndex index(snapshot);
    const auto found = WaypointOf(index, index.WorkloadsOf("shop").front());
    return found ? found->ns + "/" + found->name : "";
  }
  // Of namespace shop, "NAMESPACE/NAME ".
  std::string Elsewhere() const {
    std::string out;
    for (const WaypointName& waypoint : WaypointsElsewhere(MeshIndex(snapshot), "shop")) {
      out += waypoint.ns + "/" + waypoint.name + " ";
    }
    return out;
  }
  bool Takes() const { return TakesEnvoyFilter(MeshIndex(snapshot), {"shop", "patch", {}, {}}); }

  MeshSnapshot snapshot;
};

BOOST_FIXTURE_TEST_SUITE(waypoints, Mesh)

BOOST_AUTO_TEST_CASE(the_nearest_label_names_the_waypoint) {
  BOOST_TEST(Waypoint() == "");
  snapshot.namespaces[0].labels = {{kUse, "of-all"}};
  BOOST_TEST(Waypoint() == "shop/of-all");
  snapshot.services = {{"shop", "other", {{"app", "other"}}, false, {{kUse, "wrong"}}},
                       {"bank", "cart", {{"app", "cart"}}, false, {{kUse, "wrong"}}},
                       {"shop", "headless", {}, false, {{kUse, "wrong"}}},
                       {"shop", "cart", {{"app", "cart"}}, false, {{kUse, "of-service"}}}};
  BOOST_TEST(Waypoint() == "shop/of-service");
  snapshot.pods[0].labels[kUse] = "of-pod";
  BOOST_TEST(Waypoint() == "shop/of-pod");
}

BOOST_AUTO_TEST_CASE(it_may_be_in_another_namespace_or_be_given_up) {
  snapshot.namespaces[0].labels = {{kUse, "shared"}, {"istio.io/use-waypoint-namespace", "infra"}};
  BOOST_TEST(Waypoint() == "infra/shared");
  snapshot.pods[0].labels[kUse] = "none";
  BOOST_TEST(Waypoint() == "");
}

BOOST_AUTO_TEST_CASE(what_a_namespace_uses_elsewhere_is_named_by_any_of_its_labels_once) {
  constexpr const char* kElsewhere = "istio.io/use-waypoint-namespace";
  snapshot.namespaces[0].labels = {{kUse, "own"}};
  snapshot.services = {{"shop", "own", {}, false, {{kUse, "own"}, {kElsewhere, "shop"}}},
                       {"shop", "nowhere", {}, false, {{kUse, "none"}, {kElsewhere, "infra"}}},
                       {"bank", "ledger", {}, false, {{kUse, "wrong"}, {kElsewhere, "infra"}}}};
  BOOST_TEST(Elsewhere() == "");
  snapshot.services.push_back({"shop", "b", {}, false, {{kUse, "shared"}, {kElsewhere, "infra"}}});
  snapshot.services.push_back({"shop", "c", {}, false, {{kUse, "shared"}, {kElsewhere, "infra"}}});
  BOOST_TEST(Elsewhere() == "infra/shared ");
  snapshot.pods[0].labels = {{kUse, "of-pods"}, {kElsewhere, "infra"}};
  snapshot.namespaces[0].labels = {{kUse, "of-all"}, {kElsewhere, "edge"}};
  BOOST_TEST(Elsewhere() == "edge/of-all infra/of-pods infra/shared ");
}

BOOST_AUTO_TEST_CASE(an_envoy_filter_reaches_a_waypoint_from_the_version_that_attaches_it) {
  for (const char* old : {"1.22.0", "1.26.4"}) {
    snapshot.mesh.istio_version = old;
    BOOST_TEST(!Takes(), old);
  }
  for (const char* fresh : {"1.27.0", "1.31-dev", "unknown"}) {
    snapshot.mesh.istio_version = fresh;
    BOOST_TEST(Takes(), fresh);
  }
  snapshot.mesh.envoy_filter_allowed = false;
  BOOST_TEST(!Takes());
}

BOOST_AUTO_TEST_CASE(while_the_version_is_not_known_what_stands_stays) {
  BOOST_TEST(!Takes());
  StandingPatch standing;
  standing.patch.at = {"shop", "patch", {}, {}};
  snapshot.standing = {standing};
  BOOST_TEST(Takes());
  snapshot.standing[0].patch.mechanism = Mechanism::kTelemetry;
  BOOST_TEST(!Takes());
}

BOOST_AUTO_TEST_CASE(a_label_brings_a_cluster_tap_a_waypoint_that_is_there_and_nothing_else) {
  const auto add = [&](const std::string& ns, const std::string& name, Proxy proxy) {
    Pod pod;
    pod.ns = ns;
    pod.name = name + "-0";
    pod.workload = pod.gateway = name;
    pod.workload_kind = "Deployment";
    pod.proxy = proxy;
    snapshot.pods.push_back(pod);
  };
  add("infra", "shared", Proxy::kWaypoint);
  add("infra", "ingress", Proxy::kGateway);
  add("bank", "waypoint", Proxy::kWaypoint);
  const auto brought = [&](const std::string& name, const std::string& ns) {
    snapshot.services = {
        {"shop", "cart", {}, false, {{kUse, name}, {"istio.io/use-waypoint-namespace", ns}}}};
    tap::TapSpec spec;
    spec.cluster_scoped = true;
    tap::Target& shop = spec.targets.emplace_back();
    shop.kind = tap::TargetKind::kNamespace;
    shop.name = "shop";
    const MeshIndex index(snapshot);
    const tap::TapSpec resolved = ResolveTargets(spec, index);
    std::string out;
    for (const tap::Target& target : resolved.targets) {
      if (target.kind == tap::TargetKind::kGateway) out += target.ns + "/" + target.name + " ";
    }
    return out;
  };
  BOOST_TEST(brought("shared", "infra") == "infra/shared ");
  BOOST_TEST(brought("ingress", "infra") == "");
  BOOST_TEST(brought("waypoint", "") == "");  // no namespace, and not any
  BOOST_TEST(brought("Not_A_Name", "infra") == "");
  BOOST_TEST(brought("gone", "infra") == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap::plan
