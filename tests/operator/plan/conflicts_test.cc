#include "operator/plan/conflicts.h"

#include <boost/test/unit_test.hpp>

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
  return HidesCollector(MeshIndex(snapshot), pod) != nullptr;
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
  MeshSnapshot snapshot = WithSidecars({});
  const std::string host = snapshot.collector->host;
  snapshot.mesh.extension_providers = {{"other", "other.taps.svc.cluster.local", 9811, false},
                                       {"wrong-port", host, 1, false},
                                       {"b", host, 9811, false},
                                       {"a", "taps/" + host, 9811, false},
                                       {"t", host, 9811, true}};
  BOOST_TEST(FindProviders(snapshot).http == "a");
  BOOST_TEST(FindProviders(snapshot).tcp == "t");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap::plan
