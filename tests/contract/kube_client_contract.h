// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "kube/kube_client.h"

// What every KubeClient must do, as tests against any server that holds a namespace for them. The
// fake has to pass them as well as a real API server: what reconciler tests build on is then true.
namespace traffictap::contract {

using kube::Json;
using kube::Object;

inline Object ConfigMap(const std::string& ns, const std::string& name, const Json& values,
                        const Json& metadata = Json::object()) {
  Json meta = metadata;
  meta["namespace"] = ns;
  meta["name"] = name;
  return Object(
      Json{{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", meta}, {"data", values}});
}

inline Object Deployment(const std::string& ns, const std::string& name, int replicas) {
  const Json labels = {{"app", name}};
  const Json containers = Json::array({{{"name", "main"}, {"image", "none"}}});
  return Object(
      Json{{"apiVersion", "apps/v1"},
           {"kind", "Deployment"},
           {"metadata", {{"namespace", ns}, {"name", name}}},
           {"spec",
            {{"replicas", replicas},
             {"selector", {{"matchLabels", labels}}},
             {"template",
              {{"metadata", {{"labels", labels}}}, {"spec", {{"containers", containers}}}}}}}});
}

inline Object StatusOf(const std::string& ns, const std::string& name, const std::string& type) {
  const Json conditions = Json::array({{{"type", type}, {"status", "True"}}});
  return Object(Json{{"apiVersion", "apps/v1"},
                     {"kind", "Deployment"},
                     {"metadata", {{"namespace", ns}, {"name", name}}},
                     {"status", {{"conditions", conditions}}}});
}

inline Object Applied(kube::KubeClient& client, const Object& object, const std::string& manager,
                      bool force = false) {
  auto applied =
      client.Apply(kube::kConfigMaps, object, {.field_manager = manager, .force = force});
  BOOST_TEST_REQUIRE(applied.ok(), Message(applied.status()));
  return *std::move(applied);
}

inline void CreatesReadsAndDeletes(kube::KubeClient& client, const std::string& ns) {
  const auto made = client.Create(kube::kConfigMaps, ConfigMap(ns, "a", {{"k", "1"}}), {});
  BOOST_TEST_REQUIRE(made.ok(), Message(made.status()));
  BOOST_TEST(!made->uid().empty());
  const auto twice = client.Create(kube::kConfigMaps, ConfigMap(ns, "a", {{"k", "1"}}), {});
  BOOST_TEST(kube::IsAlreadyExists(twice.status()));
  BOOST_TEST(!kube::IsConflict(twice.status()));
  const auto read = client.Get(kube::kConfigMaps, {ns, "a"}, {});
  BOOST_TEST_REQUIRE(read.ok(), Message(read.status()));
  BOOST_TEST(read->resource_version() == made->resource_version());
  BOOST_TEST(client.Delete(kube::kConfigMaps, {ns, "a"}, {}).ok());
  BOOST_TEST(kube::IsNotFound(client.Get(kube::kConfigMaps, {ns, "a"}, {}).status()));
  BOOST_TEST(kube::IsNotFound(client.Delete(kube::kConfigMaps, {ns, "a"}, {})));
}

inline void ApplyThatChangesNothingKeepsTheVersion(kube::KubeClient& client,
                                                   const std::string& ns) {
  const Object wanted = ConfigMap(ns, "same", {{"k", "1"}});
  const Object first = Applied(client, wanted, "traffictap");
  const Object second = Applied(client, wanted, "traffictap");
  BOOST_TEST(second.resource_version() == first.resource_version());
  const Object third = Applied(client, ConfigMap(ns, "same", {{"k", "2"}}), "traffictap");
  BOOST_TEST(third.resource_version() != first.resource_version());
  BOOST_TEST(third.uid() == first.uid());
}

inline void ApplyGivesUpWhatItLeavesOut(kube::KubeClient& client, const std::string& ns) {
  Applied(client, ConfigMap(ns, "owned", {{"mine", "1"}, {"also", "2"}}), "traffictap");
  Applied(client, ConfigMap(ns, "owned", {{"theirs", "3"}}), "someone");
  const Object left = Applied(client, ConfigMap(ns, "owned", {{"mine", "1"}}), "traffictap");
  BOOST_TEST(left.Text("/data/mine") == "1");
  BOOST_TEST(left.Find("/data/also") == nullptr);
  BOOST_TEST(left.Text("/data/theirs") == "3");
}

inline void AnotherManagersFieldIsAConflictUnlessForced(kube::KubeClient& client,
                                                        const std::string& ns) {
  Applied(client, ConfigMap(ns, "theirs", {{"k", "1"}}), "someone");
  // The same value is no conflict: both own it.
  Applied(client, ConfigMap(ns, "theirs", {{"k", "1"}}), "traffictap");
  const auto refused = client.Apply(kube::kConfigMaps, ConfigMap(ns, "theirs", {{"k", "2"}}),
                                    {.field_manager = "traffictap"});
  BOOST_TEST(kube::IsFieldManagerConflict(refused.status()), Message(refused.status()));
  BOOST_TEST(kube::IsConflict(refused.status()));
  const Object taken = Applied(client, ConfigMap(ns, "theirs", {{"k", "2"}}), "traffictap", true);
  BOOST_TEST(taken.Text("/data/k") == "2");
}

inline void ADryRunChangesNothing(kube::KubeClient& client, const std::string& ns) {
  const auto tried = client.Apply(kube::kConfigMaps, ConfigMap(ns, "dry", {{"k", "1"}}),
                                  {.field_manager = "traffictap", .dry_run = true});
  BOOST_TEST(tried.ok(), Message(tried.status()));
  BOOST_TEST(kube::IsNotFound(client.Get(kube::kConfigMaps, {ns, "dry"}, {}).status()));
}

inline void PreconditionsGuardWrites(kube::KubeClient& client, const std::string& ns) {
  const Object first = Applied(client, ConfigMap(ns, "guarded", {{"k", "1"}}), "traffictap");
  const Object second = Applied(client, ConfigMap(ns, "guarded", {{"k", "2"}}), "traffictap");
  const kube::ObjectKey key{ns, "guarded"};
  BOOST_TEST(kube::IsConflict(client.Delete(kube::kConfigMaps, key, {.uid = "another"})));
  BOOST_TEST(kube::IsConflict(client.Delete(
      kube::kConfigMaps, key, {.uid = first.uid(), .resource_version = first.resource_version()})));
  BOOST_TEST(kube::IsConflict(client.Update(kube::kConfigMaps, first, {}).status()));
  Object stale =
      ConfigMap(ns, "guarded", {{"k", "3"}}, {{"resourceVersion", first.resource_version()}});
  BOOST_TEST(kube::IsConflict(
      client.Apply(kube::kConfigMaps, stale, {.field_manager = "traffictap"}).status()));
  BOOST_TEST(client
                 .Delete(kube::kConfigMaps, key,
                         {.uid = second.uid(), .resource_version = second.resource_version()})
                 .ok());
}

inline void StatusIsApartFromTheSpec(kube::KubeClient& client, const std::string& ns) {
  const kube::ApplyOptions options{.field_manager = "traffictap"};
  const auto none = client.ApplyStatus(kube::kDeployments, StatusOf(ns, "web", "Mine"), options);
  BOOST_TEST(kube::IsNotFound(none.status()), Message(none.status()));
  const auto made = client.Apply(kube::kDeployments, Deployment(ns, "web", 1), options);
  BOOST_TEST_REQUIRE(made.ok(), Message(made.status()));
  BOOST_TEST(made->generation() == 1);
  const auto mine = client.ApplyStatus(kube::kDeployments, StatusOf(ns, "web", "Mine"), options);
  BOOST_TEST_REQUIRE(mine.ok(), Message(mine.status()));
  BOOST_TEST(mine->generation() == 1);
  const auto both = client.ApplyStatus(kube::kDeployments, StatusOf(ns, "web", "Theirs"),
                                       {.field_manager = "someone"});
  BOOST_TEST_REQUIRE(both.ok(), Message(both.status()));
  BOOST_TEST(both->Find("/status/conditions")->size() == 2u);
  const auto scaled = client.Apply(kube::kDeployments, Deployment(ns, "web", 2), options);
  BOOST_TEST_REQUIRE(scaled.ok(), Message(scaled.status()));
  BOOST_TEST(scaled->generation() == 2);
  BOOST_TEST(scaled->Find("/status/conditions")->size() == 2u);
}

inline void AFinalizerHoldsAnObject(kube::KubeClient& client, const std::string& ns) {
  const Json held = {{"finalizers", Json::array({"traffictap.io/test"})}};
  Applied(client, ConfigMap(ns, "held", {{"k", "1"}}, held), "traffictap");
  BOOST_TEST(client.Delete(kube::kConfigMaps, {ns, "held"}, {}).ok());
  auto read = client.Get(kube::kConfigMaps, {ns, "held"}, {});
  BOOST_TEST_REQUIRE(read.ok(), Message(read.status()));
  BOOST_TEST(read->deleting());
  read->value()["metadata"].erase("finalizers");
  BOOST_TEST(client.Update(kube::kConfigMaps, *read, {}).ok());
  BOOST_TEST(kube::IsNotFound(client.Get(kube::kConfigMaps, {ns, "held"}, {}).status()));
}

inline void ListSelectsAndAWatchGoesOnFromIt(kube::KubeClient& client, const std::string& ns) {
  const Json marked = {{"labels", {{"tap", "yes"}}}};
  for (int i = 0; i < 5; ++i) {
    Applied(client, ConfigMap(ns, "m" + std::to_string(i), {}, marked), "traffictap");
  }
  Applied(client, ConfigMap(ns, "unmarked", {}), "traffictap");
  int seen = 0;
  const auto version =
      client.List(kube::kConfigMaps, {.ns = ns, .label_selector = "tap=yes", .page_size = 2},
                  [&seen](Object object) {
                    ++seen;
                    BOOST_TEST(object.kind() == "ConfigMap");
                  });
  BOOST_TEST_REQUIRE(version.ok(), Message(version.status()));
  BOOST_TEST(seen == 5);
  Applied(client, ConfigMap(ns, "new", {}, marked), "traffictap");
  Applied(client, ConfigMap(ns, "m1", {{"k", "1"}}, marked), "traffictap");
  BOOST_TEST(client.Delete(kube::kConfigMaps, {ns, "m2"}, {}).ok());
  std::string events;
  std::stop_source stop;
  const Status ended = client.Watch(
      kube::kConfigMaps, {.ns = ns, .label_selector = "tap=yes", .resource_version = *version},
      [&](kube::WatchEvent event) {
        if (event.type == kube::WatchEvent::Type::kBookmark) return;
        events += "+~-"[static_cast<int>(event.type)] + event.object.name() + " ";
        if (event.type == kube::WatchEvent::Type::kDeleted) stop.request_stop();
      },
      stop.get_token());
  BOOST_TEST(ended.ok(), Message(ended));
  BOOST_TEST(events == "+new ~m1 -m2 ");
}

inline void AVersionAheadOfTheServerIsTooLarge(kube::KubeClient& client, const std::string& ns) {
  const auto version = client.List(kube::kConfigMaps, {.ns = ns, .resource_version = "900000000"},
                                   [](const Object&) {});
  BOOST_TEST(kube::IsResourceVersionTooLarge(version.status()), Message(version.status()));
}

struct KubeClientCase {
  const char* name;  // also of the namespace
  void (*run)(kube::KubeClient& client, const std::string& ns);
};

inline const std::vector<KubeClientCase>& KubeClientCases() {
  static const std::vector<KubeClientCase> cases = {
      {"creates-reads-and-deletes", CreatesReadsAndDeletes},
      {"apply-that-changes-nothing", ApplyThatChangesNothingKeepsTheVersion},
      {"apply-gives-up-what-it-leaves-out", ApplyGivesUpWhatItLeavesOut},
      {"another-managers-field", AnotherManagersFieldIsAConflictUnlessForced},
      {"a-dry-run", ADryRunChangesNothing},
      {"preconditions", PreconditionsGuardWrites},
      {"status", StatusIsApartFromTheSpec},
      {"finalizer", AFinalizerHoldsAnObject},
      {"list-and-watch", ListSelectsAndAWatchGoesOnFromIt},
      {"version-ahead", AVersionAheadOfTheServerIsTooLarge},
  };
  return cases;
}

inline std::ostream& operator<<(std::ostream& out, const KubeClientCase& which) {
  return out << which.name;
}

}  // namespace traffictap::contract
