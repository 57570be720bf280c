// SPDX-License-Identifier: Apache-2.0
#include "kube/workload_of.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

std::string Of(const std::string& kind, const std::string& name,
               const std::map<std::string, std::string>& labels = {}) {
  kube::Json pod = {
      {"metadata",
       {{"name", "p"},
        {"labels", labels},
        {"ownerReferences", {{{"kind", kind}, {"name", name}, {"controller", true}}}}}}};
  const auto workload = kube::WorkloadOf(kube::Object(pod));
  return workload.kind + "/" + workload.name;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(workload_of)

BOOST_AUTO_TEST_CASE(a_replica_set_belongs_to_what_its_name_begins_with) {
  BOOST_TEST(Of("ReplicaSet", "cart-5d9c", {{"pod-template-hash", "5d9c"}}) == "Deployment/cart");
  BOOST_TEST(Of("ReplicaSet", "cart-77", {{"rollouts-pod-template-hash", "77"}}) == "Rollout/cart");
  BOOST_TEST(Of("ReplicaSet", "cart") == "ReplicaSet/cart");
}

BOOST_AUTO_TEST_CASE(a_job_of_a_cron_job_is_told_by_its_minutes) {
  BOOST_TEST(Of("Job", "report-29012345") == "CronJob/report");
  BOOST_TEST(Of("Job", "report-once") == "Job/report-once");
}

BOOST_AUTO_TEST_CASE(other_owners_are_the_workload_and_a_pod_without_one_is_its_own) {
  BOOST_TEST(Of("StatefulSet", "db") == "StatefulSet/db");
  const auto alone = kube::WorkloadOf(kube::Object(kube::Json{{"metadata", {{"name", "p"}}}}));
  BOOST_TEST(alone.kind == "Pod");
  BOOST_TEST(alone.name == "p");
}

BOOST_AUTO_TEST_CASE(a_deployment_config_is_told_by_the_label_of_its_controllers) {
  BOOST_TEST(Of("ReplicationController", "web-7", {{"deploymentconfig", "web"}}) ==
             "DeploymentConfig/web");
  BOOST_TEST(Of("ReplicationController", "web-7") == "ReplicationController/web-7");
  BOOST_TEST(Of("StatefulSet", "web", {{"deploymentconfig", "other"}}) == "StatefulSet/web");
}

BOOST_AUTO_TEST_CASE(a_pod_that_its_controller_named_itself_is_its_own_workload) {
  BOOST_TEST(Of("StrimziPodSet", "kafka") == "Pod/p");
  BOOST_TEST(Of("Node", "worker-1") == "Pod/p");
  kube::Json generated = {
      {"metadata",
       {{"name", "web-x"},
        {"generateName", "web-"},
        {"ownerReferences", {{{"kind", "CloneSet"}, {"name", "web"}, {"controller", true}}}}}}};
  const auto workload = kube::WorkloadOf(kube::Object(generated));
  BOOST_TEST(workload.kind == "CloneSet");
  BOOST_TEST(workload.name == "web");
}

BOOST_AUTO_TEST_CASE(the_label_of_istio_renames_a_workload) {
  BOOST_TEST(Of("ReplicaSet", "cart-5d9c",
                {{"pod-template-hash", "5d9c"}, {"service.istio.io/workload-name", "basket"}}) ==
             "Deployment/basket");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
