// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/workload_selector.h"

#include <boost/test/unit_test.hpp>

namespace traffictap::plan {
namespace {

Pod MakePod(tap::Labels labels) {
  Pod pod;
  pod.labels = std::move(labels);
  pod.proxy = Proxy::kSidecar;
  return pod;
}

BOOST_AUTO_TEST_SUITE(workload_selector)

BOOST_AUTO_TEST_CASE(one_label_is_enough_where_nobody_else_has_it) {
  const Pod cart = MakePod({{"app", "cart"}, {"version", "v1"}, {"pod-template-hash", "5d9c"}});
  const Pod other = MakePod({{"app", "payments"}});
  const SelectorChoice choice = ChooseSelector({&cart}, {&other});
  BOOST_TEST((choice.labels == tap::Labels{{"app", "cart"}}));
  BOOST_TEST(choice.others.empty());
}

BOOST_AUTO_TEST_CASE(the_version_comes_in_only_where_it_tells_apart) {
  const Pod stable = MakePod({{"app", "cart"}, {"version", "v1"}, {"team", "shop"}});
  const Pod canary = MakePod({{"app", "cart"}, {"version", "v2"}, {"team", "shop"}});
  const SelectorChoice choice = ChooseSelector({&canary}, {&stable});
  BOOST_TEST((choice.labels == tap::Labels{{"app", "cart"}, {"version", "v2"}}));
}

BOOST_AUTO_TEST_CASE(labels_of_one_rollout_or_one_pod_are_never_used) {
  const Pod pod = MakePod({{"pod-template-hash", "5d9c"},
                           {"statefulset.kubernetes.io/pod-name", "db-0"},
                           {"controller-revision-hash", "1"},
                           {"security.istio.io/tlsMode", "istio"}});
  BOOST_TEST(ChooseSelector({&pod}, {}).labels.empty());
}

BOOST_AUTO_TEST_CASE(the_name_of_a_job_lasts_as_long_as_it_does_but_for_those_of_a_cron_job) {
  Pod pod = MakePod({{"job-name", "load"}, {"controller-uid", "7"}});
  pod.workload_kind = "Job";
  BOOST_TEST((ChooseSelector({&pod}, {}).labels == tap::Labels{{"job-name", "load"}}));
  pod.workload_kind = "CronJob";
  BOOST_TEST(ChooseSelector({&pod}, {}).labels.empty());
}

BOOST_AUTO_TEST_CASE(only_labels_that_all_pods_have_count) {
  const Pod first = MakePod({{"app", "cart"}, {"shard", "1"}});
  const Pod second = MakePod({{"app", "cart"}, {"shard", "2"}});
  BOOST_TEST((ChooseSelector({&first, &second}, {}).labels == tap::Labels{{"app", "cart"}}));
}

BOOST_AUTO_TEST_CASE(those_that_cannot_be_told_apart_are_named) {
  const Pod cart = MakePod({{"app", "cart"}});
  const Pod twin = MakePod({{"app", "cart"}});
  const Pod other = MakePod({{"app", "payments"}});
  const SelectorChoice choice = ChooseSelector({&cart}, {&twin, &other});
  BOOST_REQUIRE_EQUAL(choice.others.size(), 1U);
  BOOST_TEST(choice.others[0] == &twin);
}

BOOST_AUTO_TEST_CASE(no_pod_is_in_two_groups) {
  const Pod a0 = MakePod({{"app", "x"}, {"team", "red"}});
  const Pod a1 = MakePod({{"app", "x"}, {"role", "worker"}, {"team", "red"}});
  const Pod b0 = MakePod({{"role", "worker"}, {"team", "red"}});
  const Workload a{"shop", "Deployment", "a", {&a0, &a1}};
  const Workload b{"shop", "Deployment", "b", {&b0}};
  const auto groups = GroupBySelector({&a, &b}, {&a0, &a1, &b0});
  BOOST_REQUIRE_EQUAL(groups.size(), 1U);
  BOOST_TEST((groups[0].labels == tap::Labels{{"team", "red"}}));
  BOOST_TEST(groups[0].workloads.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_workload_without_a_reachable_proxy_has_no_group) {
  Pod bare = MakePod({{"app", "x"}});
  bare.proxy = Proxy::kNone;
  const Workload workload{"shop", "Deployment", "x", {&bare}};
  BOOST_TEST(GroupBySelector({&workload}, {}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap::plan
