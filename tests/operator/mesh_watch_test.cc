#include "operator/mesh_watch.h"

#include <boost/test/unit_test.hpp>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "fakes/fake_kube_client.h"

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

BOOST_AUTO_TEST_CASE(every_ready_istiod_has_an_address) {
  Fixture f;
  f.Seed(kube::kEndpointSlices, R"({"metadata":{"namespace":"istio-system","name":"istiod-1",
      "labels":{"kubernetes.io/service-name":"istiod"}},"endpoints":[
      {"addresses":["10.0.0.1"],"conditions":{"ready":true}},
      {"addresses":["10.0.0.2"],"conditions":{"ready":false}},
      {"addresses":["fd00::1"]}]})");
  f.Seed(kube::kEndpointSlices, R"({"metadata":{"namespace":"istio-system","name":"other-1",
      "labels":{"kubernetes.io/service-name":"other"}},"endpoints":[{"addresses":["10.0.0.9"]}]})");
  f.Start();
  const std::vector<std::string> expected = {"10.0.0.1:15014", "[fd00::1]:15014"};
  BOOST_TEST(f.watch->IstiodAddresses() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
