// SPDX-License-Identifier: Apache-2.0
#include "tap/targets.h"

#include <boost/test/unit_test.hpp>

namespace traffictap::tap {

struct TargetsTest {
  bool Means(TargetKind kind, const std::string& name, bool is_gateway = false) {
    TapSpec spec;
    spec.ns = "shop";
    spec.targets = {{kind, name, {}}};
    return TargetsProxy(spec, {"shop", "edge-1", "edge-istio", is_gateway, &labels});
  }
  Labels labels = {{kGatewayNameLabel, "edge"}};
};

BOOST_FIXTURE_TEST_SUITE(targets_rule, TargetsTest)

BOOST_AUTO_TEST_CASE(a_gateway_goes_by_its_gateways_name_or_else_by_its_workload) {
  BOOST_TEST(Means(TargetKind::kGateway, "edge", true));
  BOOST_TEST(!Means(TargetKind::kGateway, "edge-istio", true));
  labels.clear();
  BOOST_TEST(Means(TargetKind::kGateway, "edge-istio", true));
  BOOST_TEST(!Means(TargetKind::kGateway, "edge", true));
}

BOOST_AUTO_TEST_CASE(a_sidecar_is_no_gateway_whatever_its_labels_say) {
  BOOST_TEST(!Means(TargetKind::kGateway, "edge"));
  BOOST_TEST(!Means(TargetKind::kGateway, ""));
  BOOST_TEST(Means(TargetKind::kWorkload, "edge-istio"));
}

// The pods of kind KIND/NAME, as the operator (which knows the kind) and the collector see them.
struct Workload {
  bool Is(TargetKind kind, const std::string& named) const {
    TapSpec spec;
    spec.ns = "shop";
    spec.targets = {{kind, named, {}}};
    return TargetsProxy(spec, {"shop", "pod-1", name, false, &labels, kind_of_it});
  }
  const char* kind_of_it;
  const char* name;
  Labels labels = {};
};

BOOST_AUTO_TEST_CASE(a_named_kind_means_workloads_of_this_kind) {
  BOOST_TEST((Workload{"Deployment", "cart"}.Is(TargetKind::kDeployment, "cart")));
  BOOST_TEST((!Workload{"StatefulSet", "cart"}.Is(TargetKind::kDeployment, "cart")));
  BOOST_TEST((Workload{"StatefulSet", "cart"}.Is(TargetKind::kWorkload, "cart")));
  BOOST_TEST((!Workload{"Deployment", "cart"}.Is(TargetKind::kDeployment, "stock")));
  // A proxy does not tell what kind its workload is of: the name decides then.
  BOOST_TEST((Workload{"", "cart"}.Is(TargetKind::kDaemonSet, "cart")));
}

BOOST_AUTO_TEST_CASE(a_replica_set_means_the_pods_of_one_rollout) {
  const Workload cart{"Deployment", "cart", {{"pod-template-hash", "5d9c"}}};
  BOOST_TEST(cart.Is(TargetKind::kReplicaSet, "cart-5d9c"));
  for (const char* other : {"cart", "cart-5d9", "cart-5d9cx", "car-5d9c", "cart5d9c", "5d9c"}) {
    BOOST_TEST(!cart.Is(TargetKind::kReplicaSet, other), other);
  }
  const Workload rollout{"Rollout", "cart", {{"rollouts-pod-template-hash", "77"}}};
  BOOST_TEST(rollout.Is(TargetKind::kReplicaSet, "cart-77"));
  BOOST_TEST((Workload{"ReplicaSet", "own"}.Is(TargetKind::kReplicaSet, "own")));
  BOOST_TEST((!Workload{"StatefulSet", "own"}.Is(TargetKind::kReplicaSet, "own")));
}

BOOST_AUTO_TEST_CASE(a_job_means_its_pods_whether_a_cron_job_made_it_or_not) {
  const Workload job{"CronJob", "nightly", {{"batch.kubernetes.io/job-name", "nightly-28000000"}}};
  BOOST_TEST(job.Is(TargetKind::kJob, "nightly-28000000"));
  BOOST_TEST(job.Is(TargetKind::kCronJob, "nightly"));
  BOOST_TEST(!job.Is(TargetKind::kJob, "nightly"));
  BOOST_TEST((Workload{"Job", "load", {{"job-name", "load"}}}.Is(TargetKind::kJob, "load")));
  BOOST_TEST((!Workload{"Deployment", "load"}.Is(TargetKind::kJob, "load")));
}

BOOST_AUTO_TEST_CASE(a_service_means_nothing_until_the_operator_has_put_pods_in_its_place) {
  BOOST_TEST((!Workload{"Deployment", "cart"}.Is(TargetKind::kService, "cart")));
}

BOOST_AUTO_TEST_CASE(a_namespace_of_a_cluster_taps_target_holds_besides_the_name) {
  TapSpec spec;
  spec.cluster_scoped = true;
  spec.targets = {{TargetKind::kWorkload, "cart", {}, "shop"}};
  const Labels none;
  BOOST_TEST(TargetsProxy(spec, {"shop", "cart-1", "cart", false, &none}));
  BOOST_TEST(!TargetsProxy(spec, {"bank", "cart-1", "cart", false, &none}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::tap
