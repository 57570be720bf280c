// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/conflicts.h"

#include <boost/test/unit_test.hpp>
#include <functional>

namespace traffictap::plan {
namespace {

MeshSnapshot WithSidecars(std::vector<SidecarSummary> sidecars) {
  MeshSnapshot out;
  out.collector =
      CollectorService{"taps", "collector", "collector.taps.svc.cluster.local", 9811, ""};
  out.sidecars = std::move(sidecars);
  return out;
}

SidecarSummary Egress(const std::string& ns, tap::Labels selector, std::vector<std::string> hosts) {
  SidecarSummary out;
  out.at.ns = ns;
  out.at.name = "s";
  out.at.selector = std::move(selector);
  out.egress_hosts = std::move(hosts);
  return out;
}

bool IsHidden(std::vector<SidecarSummary> sidecars) {
  const MeshSnapshot snapshot = WithSidecars(std::move(sidecars));
  Pod pod;
  pod.ns = "shop";
  pod.labels = {{"app", "cart"}};
  pod.proxy = Proxy::kSidecar;
  return CollectorHidden(MeshIndex(snapshot), pod).has_value();
}

BOOST_AUTO_TEST_SUITE(conflicts)

BOOST_AUTO_TEST_CASE(an_egress_host_reaches_the_collector_by_namespace_and_name) {
  const std::pair<const char*, bool> cases[] = {
      {"*/*", false},
      {"taps/*", false},
      {"*/collector.taps.svc.cluster.local", false},
      {"taps/*.svc.cluster.local", false},
      {"taps/*.taps.svc.cluster.local", false},
      {"./*", true},
      {"~/*", true},
      {"istio-system/*", true},
      {"taps/other.taps.svc.cluster.local", true},
      {"taps/*.example.com", true},
  };
  for (const auto& [host, hidden] : cases) {
    BOOST_TEST(IsHidden({Egress("shop", {}, {host})}) == hidden, host);
  }
  BOOST_TEST(!IsHidden({Egress("shop", {}, {"./*", "taps/*"})}));
}

BOOST_AUTO_TEST_CASE(a_listener_for_a_port_brings_in_the_services_with_that_port_alone) {
  SidecarSummary sidecar = Egress("shop", {}, {});
  sidecar.port_hosts = {{8080, "*/*"}};
  BOOST_TEST(IsHidden({sidecar}));
  sidecar.port_hosts.push_back({9811, "taps/*"});
  BOOST_TEST(!IsHidden({sidecar}));
  sidecar.port_hosts = {{9811, "./*"}};
  BOOST_TEST(IsHidden({sidecar}));
  sidecar.egress_hosts = {"taps/*"};
  BOOST_TEST(!IsHidden({sidecar}));
}

BOOST_AUTO_TEST_CASE(the_narrowest_sidecar_counts) {
  const SidecarSummary open = Egress("shop", {{"app", "cart"}}, {"*/*"});
  const SidecarSummary narrow = Egress("shop", {}, {"./*"});
  BOOST_TEST(!IsHidden({narrow, open}));
  BOOST_TEST(IsHidden({narrow, Egress("shop", {{"app", "other"}}, {"*/*"})}));
  BOOST_TEST(IsHidden({Egress("istio-system", {}, {"./*"})}));
  BOOST_TEST(!IsHidden({Egress("istio-system", {}, {"./*"}), Egress("shop", {}, {"*/*"})}));
  BOOST_TEST(!IsHidden({Egress("books", {}, {"./*"})}));
}

BOOST_AUTO_TEST_CASE(a_sidecar_without_egress_passes_on_to_the_next) {
  BOOST_TEST(IsHidden({Egress("shop", {{"app", "cart"}}, {}), Egress("shop", {}, {"./*"})}));
}

BOOST_AUTO_TEST_CASE(an_object_of_the_root_namespace_applies_everywhere) {
  Pod pod;
  pod.ns = "shop";
  pod.labels = {{"app", "cart"}};
  BOOST_TEST(AppliesTo({"istio-system", "x", {}, {}}, pod, "istio-system"));
  BOOST_TEST(AppliesTo({"istio-system", "x", {{"app", "cart"}}, {}}, pod, "istio-system"));
  BOOST_TEST(!AppliesTo({"istio-system", "x", {{"app", "b"}}, {}}, pod, "istio-system"));
  BOOST_TEST(!AppliesTo({"books", "x", {}, {}}, pod, "istio-system"));
}

BOOST_AUTO_TEST_CASE(providers_are_found_by_where_they_send) {
  const CollectorService collector = *WithSidecars({}).collector;
  const std::string& host = collector.host;
  MeshConfig config;
  config.extension_providers = {{"other", "other.taps.svc.cluster.local", 9811, false},
                                {"wrong-port", host, 1, false},
                                {"b", host, 9811, false},
                                {"a", "taps/" + host, 9811, false},
                                {"t", host, 9811, true}};
  BOOST_TEST(FindProviders(collector, config).http == "a");
  BOOST_TEST(FindProviders(collector, config).tcp == "t");
}

// The reason for which a sidecar of namespace shop does not know the collector in namespace taps.
std::string HiddenWhere(const std::function<void(MeshSnapshot*)>& change,
                        const std::string& ns = "shop", const std::string& revision = "") {
  MeshSnapshot snapshot = WithSidecars({});
  change(&snapshot);
  Pod pod;
  pod.ns = ns;
  pod.proxy = Proxy::kSidecar;
  pod.revision = revision;
  const auto note = CollectorHidden(MeshIndex(snapshot), pod);
  return note ? note->reason : "";
}

BOOST_AUTO_TEST_CASE(a_service_is_known_where_it_is_exported_to) {
  const auto hidden = [](std::vector<std::string> export_to, const std::string& ns) {
    const auto own = [&](MeshSnapshot* mesh) { mesh->collector->export_to = export_to; };
    const auto by_default = [&](MeshSnapshot* mesh) {
      mesh->mesh.configs["default"].default_service_export_to = export_to;
    };
    BOOST_TEST(HiddenWhere(own, ns) == HiddenWhere(by_default, ns));
    return HiddenWhere(own, ns) == "CollectorHidden";
  };
  BOOST_TEST(hidden({"."}, "shop"));
  BOOST_TEST(!hidden({"."}, "taps"));
  BOOST_TEST(hidden({"~"}, "taps"));
  BOOST_TEST(hidden({"books"}, "shop"));
  BOOST_TEST(!hidden({"books", "shop"}, "shop"));
  BOOST_TEST(!hidden({"~", "*"}, "shop"));
  BOOST_TEST(!hidden({}, "shop"));
}

BOOST_AUTO_TEST_CASE(the_services_own_export_overrides_the_default) {
  const auto both = [](MeshSnapshot* mesh) {
    mesh->collector->export_to = {"*"};
    mesh->mesh.configs["default"].default_service_export_to = {"."};
  };
  BOOST_TEST(HiddenWhere(both) == "");
}

BOOST_AUTO_TEST_CASE(istiod_passes_over_namespaces_that_no_selector_matches) {
  const auto with = [](tap::Labels taps, tap::Labels shop) {
    return [=](MeshSnapshot* mesh) {
      tap::LabelSelector meshed;
      meshed.match_labels = {{"mesh", "on"}};
      tap::LabelSelector prod;
      prod.match_expressions = {{"env", tap::LabelRequirement::Operator::kExists, {}}};
      mesh->mesh.configs["default"].discovery_selectors = {meshed, prod};
      mesh->namespaces = {{"taps", taps}, {"shop", shop}};
    };
  };
  BOOST_TEST(HiddenWhere(with({}, {{"mesh", "on"}})) == "CollectorHidden");
  BOOST_TEST(HiddenWhere(with({{"mesh", "on"}}, {})) == "NotDiscovered");
  BOOST_TEST(HiddenWhere(with({{"mesh", "on"}}, {{"env", "prod"}})) == "");
}

BOOST_AUTO_TEST_CASE(the_mesh_config_of_a_pods_own_revision_counts) {
  const auto canary = [](MeshSnapshot* mesh) {
    mesh->mesh.configs["default"] = {};
    mesh->mesh.configs["1-30"].default_service_export_to = {"."};
  };
  BOOST_TEST(HiddenWhere(canary, "shop", "1-30") == "CollectorHidden");
  BOOST_TEST(HiddenWhere(canary, "shop", "1-29") == "");
  BOOST_TEST(HiddenWhere(canary, "shop", "") == "");
  const auto alone = [](MeshSnapshot* mesh) {
    mesh->mesh.configs["1-30"].default_service_export_to = {"."};
  };
  BOOST_TEST(HiddenWhere(alone, "shop", "stable") == "CollectorHidden");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap::plan
