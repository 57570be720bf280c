// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/targets.h"

#include <boost/test/unit_test.hpp>

#include "fakes/fake_kube_client.h"

namespace traffictap {
namespace {

using tap::TargetKind;

kube::Object Pod(const std::string& ns, const std::string& workload) {
  return kube::Object(kube::Json{
      {"metadata",
       {{"name", workload + "-5d9c-x"},
        {"namespace", ns},
        {"labels", {{"pod-template-hash", "5d9c"}}},
        {"ownerReferences",
         {{{"kind", "ReplicaSet"}, {"name", workload + "-5d9c"}, {"controller", true}}}}}}});
}

struct Fixture {
  Fixture() {
    client.Seed(kube::kNamespaces, kube::Object(kube::Json{{"metadata", {{"name", "shop"}}}}));
    client.Seed(kube::kPods, Pod("shop", "checkout"));
    client.Seed(kube::kPods, Pod("shop", "cart"));
  }

  Status Check(const std::vector<std::string>& words, const std::string& ns = "shop") {
    std::vector<cli::TargetName> targets;
    for (const auto& word : words) {
      const auto target = cli::ParseTarget(word);
      if (!target.ok()) return target.status();
      targets.push_back(*target);
    }
    const auto choice = cli::ChooseTargets(targets, ns, false);
    return choice.ok() ? cli::CheckTargets(client, *choice) : choice.status();
  }

  fakes::FakeKubeClient client;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(targets, Fixture)

BOOST_AUTO_TEST_CASE(kinds_have_the_names_that_kubectl_gives_them) {
  BOOST_TEST((cli::ParseTarget("checkout")->kind == TargetKind::kWorkload));
  BOOST_TEST((cli::ParseTarget("workload/checkout")->kind == TargetKind::kWorkload));
  BOOST_TEST((cli::ParseTarget("deploy/checkout")->kind == TargetKind::kDeployment));
  BOOST_TEST((cli::ParseTarget("deployments/checkout")->kind == TargetKind::kDeployment));
  BOOST_TEST((cli::ParseTarget("deployment.apps/checkout")->kind == TargetKind::kDeployment));
  BOOST_TEST((cli::ParseTarget("statefulsets.v1.apps/db")->kind == TargetKind::kStatefulSet));
  BOOST_TEST((cli::ParseTarget("ds/agent")->kind == TargetKind::kDaemonSet));
  BOOST_TEST((cli::ParseTarget("rs/cart-5d9c")->kind == TargetKind::kReplicaSet));
  BOOST_TEST((cli::ParseTarget("job/load")->kind == TargetKind::kJob));
  BOOST_TEST((cli::ParseTarget("cj/nightly")->kind == TargetKind::kCronJob));
  BOOST_TEST((cli::ParseTarget("cronjob.batch/nightly")->kind == TargetKind::kCronJob));
  BOOST_TEST((cli::ParseTarget("rollout/cart")->kind == TargetKind::kRollout));
  BOOST_TEST((cli::ParseTarget("dc/cart")->kind == TargetKind::kDeploymentConfig));
  BOOST_TEST((cli::ParseTarget("svc/cart")->kind == TargetKind::kService));
  BOOST_TEST((cli::ParseTarget("po/x")->kind == TargetKind::kPod));
  BOOST_TEST((cli::ParseTarget("ns/shop")->kind == TargetKind::kNamespace));
  BOOST_TEST((cli::ParseTarget("gateway/g")->kind == TargetKind::kGateway));
  for (const char* wrong : {"", "workload/", "a/b/c", "/x", "deployment.batch/x", "configmap/x"}) {
    BOOST_TEST(absl::IsInvalidArgument(cli::ParseTarget(wrong).status()), wrong);
  }
  BOOST_TEST(Message(cli::ParseTarget("worklod/x").status()).find("did you mean \"workload\"?") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_typo_in_a_name_comes_with_the_nearest_one) {
  BOOST_TEST(Check({"workload/checkout", "cart"}).ok());
  const Status typo = Check({"workload/chekout"});
  BOOST_TEST(absl::IsNotFound(typo));
  BOOST_TEST(Message(typo) ==
             "no workload \"chekout\" in namespace shop: did you mean \"checkout\"?");
  BOOST_TEST(Message(Check({"ns/shpo"})) == "no namespace \"shpo\": did you mean \"shop\"?");
  BOOST_TEST(Message(Check({"pod/checkout-5d9c-y"})) ==
             "no pod \"checkout-5d9c-y\" in namespace shop: did you mean \"checkout-5d9c-x\"?");
}

BOOST_AUTO_TEST_CASE(a_kind_that_is_not_the_workloads_is_told) {
  BOOST_TEST(Check({"deployment/cart"}).ok());
  BOOST_TEST(Message(Check({"sts/cart"})).find("use workload/cart") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_replica_set_is_known_by_its_pods) {
  BOOST_TEST(Check({"rs/cart-5d9c"}).ok());
  BOOST_TEST(Message(Check({"rs/cart-5d9d"})) ==
             "no ReplicaSet \"cart-5d9d\" in namespace shop: did you mean \"cart-5d9c\"?");
}

BOOST_AUTO_TEST_CASE(a_service_is_looked_up_among_the_services) {
  BOOST_TEST(Message(Check({"svc/cart"})) ==
             "no service \"cart\" in namespace shop: there is none");
  client.Seed(
      kube::kServices,
      kube::Object(kube::Json{{"metadata", {{"name", "cart-api"}, {"namespace", "shop"}}}}));
  BOOST_TEST(Check({"svc/cart-api"}).ok());
  BOOST_TEST(Message(Check({"svc/cart-apy"})).find("did you mean \"cart-api\"?") !=
             std::string::npos);
  client.Fail("list", kube::kServices,
              kube::ToStatus({403, "Forbidden", "", "no", {}}, "list", "services"));
  BOOST_TEST(Check({"svc/cart-apy"}).ok());
}

BOOST_AUTO_TEST_CASE(what_may_not_be_listed_is_left_to_the_operator) {
  const Status forbidden = kube::ToStatus({403, "Forbidden", "", "no", {}}, "list", "x");
  client.Fail("list", kube::kNamespaces, forbidden);
  client.Fail("list", kube::kPods, forbidden);
  BOOST_TEST(Check({"nobody"}).ok());
}

BOOST_AUTO_TEST_CASE(targets_decide_where_the_tap_is) {
  const auto ns = *cli::ParseTarget("ns/shop");
  const auto other = *cli::ParseTarget("ns/bank");
  const auto cart = *cli::ParseTarget("cart");
  BOOST_TEST(cli::ChooseTargets({}, "shop", false)->ns == "shop");
  BOOST_TEST(cli::ChooseTargets({ns}, "default", false)->ns == "shop");
  BOOST_TEST(cli::ChooseTargets({ns, other}, "default", false)->ns == "");
  BOOST_TEST(cli::ChooseTargets({ns, other}, "default", false)->namespaces.size() == 2u);
  BOOST_TEST(cli::ChooseTargets({}, "", false)->ns == "");
  BOOST_TEST(!cli::ChooseTargets({ns}, "bank", true).ok());
  BOOST_TEST(!cli::ChooseTargets({ns, cart}, "shop", false).ok());
  BOOST_TEST(!cli::ChooseTargets({cart}, "", false).ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
