// SPDX-License-Identifier: Apache-2.0
#include "operator/mesh_watch.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/metrics.h"
#include "fakes/fake_kube_client.h"
#include "operator/mesh/read_pod.h"

namespace traffictap {

namespace {

constexpr base::Nanos kPatience = 20 * base::kSecond;

struct Fixture {
  void Seed(const kube::Resource& resource, const std::string& text) {
    kube::Json object = kube::Json::parse(text);
    object["apiVersion"] = resource.ApiVersion();
    object["kind"] = resource.kind;
    kube.Seed(resource, kube::Object(object));
  }
  void Start() {
    watch = std::make_unique<op::MeshWatch>(
        &kube, mesh::Installation(), &clock,
        op::MeshWatch::Hooks{[this] { Count(&mesh_changes); },
                             [this](const kube::ObjectKey&) { Count(&tap_changes); }});
    watch->Start();
    std::string missing;
    BOOST_REQUIRE_MESSAGE(watch->WaitForSync(kPatience, &missing), missing);
  }
  void Count(int* counter) {
    absl::MutexLock lock(&mutex);
    ++*counter;
  }
  int Read(const int& counter) {
    absl::MutexLock lock(&mutex);
    return counter;
  }
  bool WaitFor(const std::function<bool()>& test) {
    absl::MutexLock lock(&mutex);
    return mutex.AwaitWithTimeout(absl::Condition(&test), absl::Nanoseconds(kPatience));
  }

  base::SystemClock clock;
  fakes::FakeKubeClient kube;
  absl::Mutex mutex;
  int mesh_changes = 0;
  int tap_changes = 0;
  std::unique_ptr<op::MeshWatch> watch;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(mesh_watch)

BOOST_AUTO_TEST_CASE(what_is_there_is_seen_and_pods_are_cut_to_what_is_read) {
  Fixture f;
  f.Seed(kube::kTrafficTaps, R"({"metadata":{"namespace":"shop","name":"a"},"spec":{}})");
  f.Seed(kube::kClusterTrafficTaps, R"({"metadata":{"name":"all"},"spec":{}})");
  f.Seed(kube::kPods,
         R"({"metadata":{"namespace":"shop","name":"p"},"spec":{"containers":[{"name":"app",
      "env":[{"name":"SECRET","value":"x"}],"args":["proxy"]}],"volumes":[]},"status":{"phase":"Running",
      "hostIP":"1.2.3.4"}})");
  f.Start();
  const auto objects = f.watch->Objects();
  BOOST_TEST(objects.taps.size() == 2u);
  BOOST_TEST(f.watch->tap_count() == 2u);
  BOOST_TEST(f.watch->Tap({"", "all"}) != nullptr);
  BOOST_TEST(f.watch->Tap({"shop", "b"}) == nullptr);
  BOOST_REQUIRE(objects.others.size() == 1u);
  const std::string pod = objects.others[0]->Serialize();
  BOOST_TEST(pod.find("SECRET") == std::string::npos);
  BOOST_TEST(pod.find("hostIP") == std::string::npos);
  BOOST_TEST(objects.others[0]->Text("/spec/containers/0/args/0") == "proxy");
}

BOOST_AUTO_TEST_CASE(pods_keep_what_says_which_addresses_are_their_own) {
  Fixture f;
  f.Seed(kube::kPods,
         R"({"metadata":{"namespace":"shop","name":"both"},"spec":{"containers":[]},
      "status":{"podIP":"10.0.0.1","podIPs":[{"ip":"10.0.0.1"},{"ip":"fd00::1"}]}})");
  f.Seed(kube::kPods,
         R"({"metadata":{"namespace":"shop","name":"host"},"spec":{"hostNetwork":true},
      "status":{"podIP":"10.0.0.2","podIPs":[{"ip":"10.0.0.2"}]}})");
  f.Start();
  const auto objects = f.watch->Objects();
  BOOST_REQUIRE(objects.others.size() == 2u);
  const std::vector<std::string> expected = {"10.0.0.1", "fd00::1"};
  BOOST_TEST(mesh::ReadPod(*objects.others[0], mesh::Installation()).addresses == expected,
             boost::test_tools::per_element());
  BOOST_TEST(mesh::ReadPod(*objects.others[1], mesh::Installation()).addresses.empty());
}

BOOST_AUTO_TEST_CASE(services_of_all_namespaces_are_seen_with_what_selects_their_pods) {
  Fixture f;
  f.Seed(kube::kServices,
         R"({"metadata":{"namespace":"shop","name":"cart"},"spec":{"selector":{"app":"cart"},
      "clusterIP":"10.0.0.1"},"status":{"loadBalancer":{}}})");
  f.Start();
  const auto objects = f.watch->Objects();
  BOOST_REQUIRE(objects.others.size() == 1u);
  const kube::Object& service = *objects.others[0];
  BOOST_TEST(service.Text("/spec/selector/app") == "cart");
  BOOST_TEST(service.Find("/spec/clusterIP") == nullptr);
  BOOST_TEST(service.Find("/status") == nullptr);
}

constexpr const char* kNode =
    R"({"metadata":{"name":"node-1","labels":{"topology.kubernetes.io/zone":"eu-1a",
    "node.kubernetes.io/instance-type":"large"}},"status":{"images":[]}})";

BOOST_AUTO_TEST_CASE(the_zones_of_nodes_are_known_and_their_heartbeats_change_nothing) {
  Fixture f;
  f.Seed(kube::kNodes, kNode);
  f.Seed(kube::kNodes, R"({"metadata":{"name":"node-2"}})");
  f.Start();
  const std::map<std::string, std::string> known = {{"node-1", "eu-1a"}};
  BOOST_TEST((f.watch->NodeZones() == known));
  BOOST_TEST(f.watch->Objects().others.empty());
  BOOST_TEST(f.WaitFor([&] { return f.mesh_changes == 1; }));
  f.Seed(kube::kNodes, kNode);  // a heartbeat
  f.Seed(kube::kNodes,
         R"({"metadata":{"name":"node-2","labels":{"topology.kubernetes.io/zone":"eu-1b"}}})");
  BOOST_TEST(f.WaitFor([&] { return f.mesh_changes == 2; }));
  BOOST_TEST(f.watch->NodeZones().size() == 2u);
}

BOOST_AUTO_TEST_CASE(nodes_are_not_read_where_they_are_not_to_be) {
  Fixture f;
  f.Seed(kube::kNodes, kNode);
  mesh::Installation own;
  own.reads_nodes = false;
  f.watch = std::make_unique<op::MeshWatch>(&f.kube, own, &f.clock,
                                            op::MeshWatch::Hooks{[] {}, [](const auto&) {}});
  f.watch->Start();
  std::string missing;
  BOOST_REQUIRE(f.watch->WaitForSync(kPatience, &missing));
  BOOST_TEST(f.watch->NodeZones().empty());
}

BOOST_AUTO_TEST_CASE(without_the_right_to_read_nodes_nothing_is_waited_for) {
  Fixture f;
  f.kube.Fail("list", kube::kNodes, absl::PermissionDeniedError("no right"), 1000);
  f.Start();
  BOOST_TEST(f.watch->NodeZones().empty());
}

BOOST_AUTO_TEST_CASE(a_change_of_status_alone_changes_no_plan) {
  Fixture f;
  f.Seed(kube::kTrafficTaps,
         R"({"metadata":{"namespace":"shop","name":"a"},"spec":{"direction":"Both"}})");
  f.Start();
  BOOST_TEST(f.WaitFor([&] { return f.tap_changes >= 1; }));
  const int before = f.Read(f.mesh_changes);
  f.Seed(kube::kTrafficTaps,
         R"({"metadata":{"namespace":"shop","name":"a"},"spec":{"direction":"Both"},
      "status":{"records":1}})");
  BOOST_TEST(f.WaitFor([&] { return f.tap_changes >= 2; }));
  BOOST_TEST(f.Read(f.mesh_changes) == before);
  f.Seed(kube::kTrafficTaps,
         R"({"metadata":{"namespace":"shop","name":"a"},"spec":{"direction":"Inbound"}})");
  BOOST_TEST(f.WaitFor([&] { return f.mesh_changes > before; }));
}

BOOST_AUTO_TEST_CASE(a_cluster_without_istios_kinds_is_worked_in_all_the_same) {
  Fixture f;
  for (const auto& resource : {kube::kEnvoyFilters, kube::kTelemetries}) {
    f.kube.Fail("list", resource, absl::NotFoundError("no such kind"), 100);
  }
  f.Start();
  BOOST_TEST(!f.watch->Settings().envoy_filter_allowed);
  BOOST_TEST(!f.watch->Settings().telemetry_allowed);
}

BOOST_AUTO_TEST_CASE(a_kind_of_our_own_that_is_missing_is_named) {
  Fixture f;
  f.kube.Fail("list", kube::kTapDestinations, absl::NotFoundError("no such kind"), 100);
  f.watch = std::make_unique<op::MeshWatch>(&f.kube, mesh::Installation(), &f.clock,
                                            op::MeshWatch::Hooks{[] {}, [](const auto&) {}});
  f.watch->Start();
  std::string missing;
  BOOST_TEST(!f.watch->WaitForSync(300 * base::kMillisecond, &missing));
  BOOST_TEST(missing.rfind("destinations: ", 0) == 0u);
}

// A clock that runs, and that a test can push on.
struct PushedClock final : base::Clock {
  base::Nanos Monotonic() const override { return system.Monotonic() + ahead; }
  base::Nanos Wall() const override { return system.Wall() + ahead; }
  base::SystemClock system;
  std::atomic<base::Nanos> ahead{0};
};

// What is known of a mesh whose EnvoyFilters were read, and are refused with `status` since, after
// `later`.
struct Refused {
  bool usable;
  size_t filters;
};
Refused AfterRefusal(const Status& status, base::Nanos later) {
  PushedClock clock;
  Fixture f;
  f.Seed(kube::kEnvoyFilters, R"({"metadata":{"namespace":"shop","name":"a"},"spec":{}})");
  f.watch = std::make_unique<op::MeshWatch>(&f.kube, mesh::Installation(), &clock,
                                            op::MeshWatch::Hooks{[] {}, [](const auto&) {}});
  f.watch->Start();
  std::string missing;
  BOOST_REQUIRE(f.watch->WaitForSync(kPatience, &missing));
  f.kube.Fail("list", kube::kEnvoyFilters, status, 1000);
  base::MetricsRegistry metrics;
  metrics.Register([&](base::MetricWriter& writer) { f.watch->WriteMetrics(writer); });
  const base::Nanos end = f.clock.Monotonic() + kPatience;
  const std::string seen =
      "traffictap_watch_restarts_total{resource=\"envoyfilters.networking.istio.io\"} 0";
  while (metrics.Render().find(seen) != std::string::npos) {
    BOOST_REQUIRE(f.clock.Monotonic() < end);
    // Time and again: one that is not open yet when the list is there would go on.
    f.kube.EndWatches(status);
    std::this_thread::yield();
  }
  clock.ahead = later;
  return {f.watch->Settings().envoy_filter_allowed, f.watch->Objects().envoy_filters.size()};
}

constexpr base::Nanos kMinute = 60 * base::kSecond;

BOOST_AUTO_TEST_CASE(a_refusal_of_what_was_read_once_changes_no_mechanism) {
  for (const base::Nanos later : {0 * kMinute, 60 * kMinute}) {
    const Refused refused = AfterRefusal(absl::PermissionDeniedError("no right"), later);
    BOOST_TEST(refused.usable);
    BOOST_TEST(refused.filters == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_kind_is_given_up_when_it_has_been_gone_for_minutes) {
  BOOST_TEST(AfterRefusal(absl::NotFoundError("no such kind"), kMinute).usable);
  const Refused gone = AfterRefusal(absl::NotFoundError("no such kind"), 6 * kMinute);
  BOOST_TEST(!gone.usable);
  BOOST_TEST(gone.filters == 0u);
}

BOOST_AUTO_TEST_CASE(a_refusal_from_the_start_is_believed_when_it_lasts) {
  PushedClock clock;
  Fixture f;
  f.kube.Fail("list", kube::kEnvoyFilters, absl::PermissionDeniedError("no right"), 1000);
  f.watch = std::make_unique<op::MeshWatch>(&f.kube, mesh::Installation(), &clock,
                                            op::MeshWatch::Hooks{[] {}, [](const auto&) {}});
  f.watch->Start();
  std::string missing;
  BOOST_TEST(!f.watch->WaitForSync(300 * base::kMillisecond, &missing));
  BOOST_TEST(missing.starts_with("envoyfilters: "));
  clock.ahead = kMinute;
  BOOST_TEST(f.watch->WaitForSync(kPatience, &missing));
  BOOST_TEST(!f.watch->Settings().envoy_filter_allowed);
  BOOST_TEST(f.watch->Settings().telemetry_allowed);
}

BOOST_AUTO_TEST_CASE(every_ready_istiod_of_every_revision_has_an_address_once) {
  Fixture f;
  const auto slice = [&](const std::string& service, const std::string& endpoints) {
    f.Seed(kube::kEndpointSlices, R"({"metadata":{"namespace":"istio-system","name":")" + service +
                                      R"(-x","labels":{"kubernetes.io/service-name":")" + service +
                                      R"("}},"endpoints":)" + endpoints + "}");
  };
  slice("istiod", R"([{"addresses":["10.0.0.1"],"conditions":{"ready":true}},
                      {"addresses":["10.0.0.2"],"conditions":{"ready":false}},
                      {"addresses":["fd00::1"]}])");
  slice("istiod-1-30", R"([{"addresses":["10.0.0.3"]}])");
  slice("istiod-revision-tag-stable", R"([{"addresses":["10.0.0.3"]}])");
  slice("istiod-remote", R"([{"addresses":["10.0.0.8"]}])");
  slice("other", R"([{"addresses":["10.0.0.9"]}])");
  f.Start();
  const std::vector<std::string> expected = {"10.0.0.1:15014", "10.0.0.3:15014", "[fd00::1]:15014"};
  BOOST_TEST(f.watch->IstiodAddresses() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_mesh_config_of_any_revision_counts_and_other_config_maps_do_not) {
  Fixture f;
  f.Start();
  const auto config_map = [&](const std::string& name, const std::string& data) {
    f.Seed(kube::kConfigMaps, R"({"metadata":{"namespace":"istio-system","name":")" + name +
                                  R"("},"data":)" + data + "}");
  };
  const int before = f.Read(f.mesh_changes);
  config_map("istio-leader", R"({"holder":"a"})");
  config_map("istio-1-30", R"({"mesh":"rootNamespace: a"})");
  BOOST_TEST(f.WaitFor([&] { return f.mesh_changes > before; }));
  BOOST_TEST(f.Read(f.mesh_changes) == before + 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
