// SPDX-License-Identifier: Apache-2.0
#include "operator/mesh/read_pod.h"

#include <boost/test/unit_test.hpp>

#include "operator/mesh/read_foreign.h"
#include "operator/mesh/read_mesh_config.h"
#include "operator/mesh/snapshot_objects.h"

namespace traffictap::mesh {
namespace {

kube::Object Parse(const std::string& json) { return *kube::Object::Parse(json); }

plan::Pod Read(const std::string& json) { return ReadPod(Parse(json), Installation()); }

std::string OwnedBy(const char* kind, const char* name, const char* labels) {
  return std::string(R"({"kind":"Pod","metadata":{"namespace":"shop","name":"p","labels":{)") +
         labels + R"(},"ownerReferences":[{"kind":")" + kind + R"(","name":")" + name +
         R"(","controller":true}]}})";
}

BOOST_AUTO_TEST_SUITE(read_pod)

BOOST_AUTO_TEST_CASE(names_the_workload_as_istio_does) {
  const auto deployment = Read(OwnedBy("ReplicaSet", "cart-5d9c", R"("pod-template-hash":"5d9c")"));
  BOOST_TEST(deployment.workload_kind + "/" + deployment.workload == "Deployment/cart");
  const auto bare_set = Read(OwnedBy("ReplicaSet", "cart", ""));
  BOOST_TEST(bare_set.workload_kind + "/" + bare_set.workload == "ReplicaSet/cart");
  const auto rollout =
      Read(OwnedBy("ReplicaSet", "cart-77", R"("rollouts-pod-template-hash":"77")"));
  BOOST_TEST(rollout.workload_kind + "/" + rollout.workload == "Rollout/cart");
  const auto cron = Read(OwnedBy("Job", "nightly-29012340", ""));
  BOOST_TEST(cron.workload_kind + "/" + cron.workload == "CronJob/nightly");
  const auto job = Read(OwnedBy("Job", "migrate-7", ""));
  BOOST_TEST(job.workload_kind + "/" + job.workload == "Job/migrate-7");
  const auto stateful = Read(OwnedBy("StatefulSet", "db", ""));
  BOOST_TEST(stateful.workload_kind + "/" + stateful.workload == "StatefulSet/db");
  const auto alone = Read(R"({"metadata":{"namespace":"shop","name":"alone"}})");
  BOOST_TEST(alone.workload_kind + "/" + alone.workload == "Pod/alone");
}

BOOST_AUTO_TEST_CASE(knows_the_proxy_by_its_container) {
  const auto proxy = [](const std::string& spec) { return Read("{\"spec\":" + spec + "}").proxy; };
  BOOST_TEST((proxy(R"({"containers":[{"name":"app"}]})") == plan::Proxy::kNone));
  BOOST_TEST((proxy(R"({"containers":[{"name":"istio-proxy","args":["proxy","sidecar"]}]})") ==
              plan::Proxy::kSidecar));
  BOOST_TEST((proxy(R"({"initContainers":[{"name":"istio-proxy"}]})") == plan::Proxy::kSidecar));
  BOOST_TEST((proxy(R"({"containers":[{"name":"istio-proxy","args":["proxy","router"]}]})") ==
              plan::Proxy::kGateway));
  BOOST_TEST((proxy(R"({"containers":[{"name":"istio-proxy","args":["proxy","waypoint"]}]})") ==
              plan::Proxy::kWaypoint));
}

BOOST_AUTO_TEST_CASE(knows_the_addresses_that_are_the_pods_own) {
  const auto both = Read(R"({"metadata":{"labels":{"topology.istio.io/network":"east"}},
      "status":{"podIP":"10.0.0.1","podIPs":[{"ip":"10.0.0.1"},{"ip":"fd00::1"},{"ip":7},3]}})");
  const std::vector<std::string> expected = {"10.0.0.1", "fd00::1"};
  BOOST_TEST(both.addresses == expected, boost::test_tools::per_element());
  BOOST_TEST(both.network == "east");
  BOOST_TEST(Read(R"({"status":{"podIP":"10.0.0.1"}})").addresses.size() == 1u);
  BOOST_TEST(
      Read(R"({"spec":{"hostNetwork":true},"status":{"podIP":"10.0.0.1"}})").addresses.empty());
}

BOOST_AUTO_TEST_CASE(takes_what_has_the_wrong_type_for_absent) {
  const auto pod =
      Read(R"({"metadata":{"labels":7,"ownerReferences":"x"},"spec":{"containers":[3,null]},
                            "status":{"phase":{},"conditions":[1]}})");
  BOOST_TEST((pod.proxy == plan::Proxy::kNone));
  BOOST_TEST(!pod.ready);
}

BOOST_AUTO_TEST_CASE(only_pods_of_the_installation_are_ours) {
  const char* labels = R"("labels":{"app.kubernetes.io/part-of":"traffictap"}}})";
  BOOST_TEST(Read(std::string(R"({"metadata":{"namespace":"traffictap-system",)") + labels).ours);
  BOOST_TEST(!Read(std::string(R"({"metadata":{"namespace":"shop",)") + labels).ours);
}

BOOST_AUTO_TEST_CASE(an_envoy_filter_replaces_access_logs_only_where_it_replaces_their_filter) {
  const auto replaces = [](const char* patch) {
    return ReadEnvoyFilter(Parse(std::string(R"({"spec":{"configPatches":[)") + patch + "]}}"))
        .replaces_access_log;
  };
  BOOST_TEST(!replaces(R"({"applyTo":"NETWORK_FILTER","patch":{"operation":"MERGE"}})"));
  BOOST_TEST(!replaces(R"({"applyTo":"HTTP_FILTER","patch":{"operation":"REPLACE"}})"));
  BOOST_TEST(replaces(R"({"applyTo":"NETWORK_FILTER","patch":{"operation":"REPLACE"}})"));
  BOOST_TEST(!replaces(R"({"applyTo":"NETWORK_FILTER","patch":{"operation":"MERGE_AND_REPLACE_LIST",
                           "value":{"typed_config":{"http_filters":[]}}}})"));
  BOOST_TEST(replaces(R"({"applyTo":"NETWORK_FILTER","patch":{"operation":"MERGE_AND_REPLACE_LIST",
                          "value":{"typed_config":{"access_log":[]}}}})"));
}

BOOST_AUTO_TEST_CASE(the_mesh_config_is_read_as_far_as_it_bears_on_access_logs) {
  const plan::MeshConfig settings = ReadMeshConfig(
      "rootNamespace: mesh\naccessLogFile: /dev/stdout\nextensionProviders:\n"
      "- {name: t, envoyTcpAls: {service: c, port: 9811}}\n- {name: z, zipkin: {}}\n"
      "defaultServiceExportTo: [\".\", books]\ndefaultConfig: {drainDuration: 10s}\n"
      "discoverySelectors:\n- matchLabels: {mesh: \"on\"}\n"
      "- matchExpressions: [{key: env, operator: NotIn, values: [test]}]\n");
  BOOST_TEST(settings.root_namespace == "mesh");
  BOOST_TEST(settings.default_access_logging == std::vector<std::string>{"envoy"},
             boost::test_tools::per_element());
  BOOST_REQUIRE_EQUAL(settings.extension_providers.size(), 2U);
  BOOST_TEST(settings.extension_providers[0].tcp);
  BOOST_TEST(settings.extension_providers[0].port == 9811);
  BOOST_TEST(settings.extension_providers[1].als_service == "");
  const std::vector<std::string> export_to = {".", "books"};
  BOOST_TEST(settings.default_service_export_to == export_to, boost::test_tools::per_element());
  BOOST_TEST(settings.drain == 10 * base::kSecond);
  BOOST_REQUIRE_EQUAL(settings.discovery_selectors.size(), 2U);
  BOOST_TEST(settings.discovery_selectors[0].Matches({{"mesh", "on"}}));
  BOOST_TEST(!settings.discovery_selectors[0].Matches({{"mesh", "off"}}));
  BOOST_TEST(!settings.discovery_selectors[1].Matches({{"env", "test"}}));
}

BOOST_AUTO_TEST_CASE(a_mesh_config_that_cannot_be_read_says_nothing) {
  for (const char* yaml : {": [", "", "text", "discoverySelectors: text", "extensionProviders: {}",
                           "discoverySelectors: [{matchExpressions: [{key: a, operator: Is}]}]"}) {
    const plan::MeshConfig settings = ReadMeshConfig(yaml);
    BOOST_TEST(settings.root_namespace == "", yaml);
    BOOST_TEST(settings.discovery_selectors.empty(), yaml);
    BOOST_TEST(settings.drain == 45 * base::kSecond, yaml);
  }
}

BOOST_AUTO_TEST_CASE(each_revision_of_istiod_has_a_mesh_config_of_its_own) {
  plan::MeshSnapshot snapshot;
  const auto add = [&](const std::string& ns, const std::string& name, const std::string& data) {
    return AddToSnapshot(Parse(R"({"kind":"ConfigMap","metadata":{"namespace":")" + ns +
                               R"(","name":")" + name + R"("},"data":)" + data + "}"),
                         Installation(), &snapshot);
  };
  BOOST_TEST(add("istio-system", "istio", R"({"mesh":"rootNamespace: a"})"));
  BOOST_TEST(add("istio-system", "istio-1-30", R"({"mesh":"rootNamespace: b"})"));
  BOOST_TEST(!add("istio-system", "istio-ca-root-cert", R"({"root-cert.pem":"x"})"));
  BOOST_TEST(!add("istio-system", "values", R"({"mesh":"rootNamespace: c"})"));
  BOOST_TEST(!add("shop", "istio", R"({"mesh":"rootNamespace: d"})"));
  BOOST_TEST(snapshot.mesh.configs.size() == 2u);
  BOOST_TEST(snapshot.mesh.configs["default"].root_namespace == "a");
  BOOST_TEST(snapshot.mesh.configs["1-30"].root_namespace == "b");
}

BOOST_AUTO_TEST_CASE(a_pod_is_of_the_revision_that_injected_it) {
  BOOST_TEST(Read(R"({"metadata":{"annotations":{"istio.io/rev":"1-30"},
                      "labels":{"istio.io/rev":"stable"}}})")
                 .revision == "1-30");
  BOOST_TEST(Read(R"({"metadata":{"labels":{"istio.io/rev":"stable"}}})").revision == "stable");
  BOOST_TEST(Read("{}").revision == "");
}

BOOST_AUTO_TEST_CASE(the_collector_is_a_service_with_the_port) {
  const Installation own;
  const auto service = Parse(
      R"({"metadata":{"namespace":"traffictap-system","name":"traffictap-collector"},
          "spec":{"ports":[{"name":"http","port":80},{"name":"grpc-als","port":9811}]}})");
  const auto collector = ReadCollector(service, own);
  BOOST_REQUIRE(collector.has_value());
  BOOST_TEST(collector->host == "traffictap-collector.traffictap-system.svc.cluster.local");
  BOOST_TEST(collector->port == 9811);
  BOOST_TEST(
      !ReadCollector(Parse(R"({"spec":{"ports":[{"name":"grpc-als","port":70000}]}})"), own));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap::mesh
