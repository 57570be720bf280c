// SPDX-License-Identifier: Apache-2.0
#include "observe/kind_words.h"

#include <boost/test/unit_test.hpp>

namespace traffictap::observe {

BOOST_AUTO_TEST_SUITE(kind_words)

BOOST_AUTO_TEST_CASE(kinds_are_read_as_kubectl_prints_and_takes_them) {
  for (const char* word : {"deployment", "deployments", "deploy", "Deployment", "deployment.apps",
                           "deployments.apps", "deployments.v1.apps", "deploy.v1beta2.apps"}) {
    const auto kind = ReadKindWord(word);
    BOOST_TEST_REQUIRE(kind.has_value(), word);
    BOOST_TEST((kind->kind == EndKind::kWorkload), word);
    BOOST_TEST(kind->workload_kind == "Deployment", word);
  }
  BOOST_TEST(ReadKindWord("sts")->workload_kind == "StatefulSet");
  BOOST_TEST(ReadKindWord("daemonsets.apps")->workload_kind == "DaemonSet");
  BOOST_TEST(ReadKindWord("cronjob.batch")->workload_kind == "CronJob");
  BOOST_TEST(ReadKindWord("rollouts.argoproj.io")->workload_kind == "Rollout");
  BOOST_TEST(ReadKindWord("dc")->workload_kind == "DeploymentConfig");
  BOOST_TEST(ReadKindWord("deploymentconfigs.apps.openshift.io")->workload_kind ==
             "DeploymentConfig");
  BOOST_TEST(ReadKindWord("workload")->workload_kind == "");
  BOOST_TEST((ReadKindWord("po")->kind == EndKind::kPod));
  BOOST_TEST((ReadKindWord("pods.v1")->kind == EndKind::kPod));
  BOOST_TEST((ReadKindWord("svc")->kind == EndKind::kService));
  BOOST_TEST((ReadKindWord("namespaces")->kind == EndKind::kNamespace));
  BOOST_TEST((ReadKindWord("gtw")->kind == EndKind::kGateway));
  BOOST_TEST((ReadKindWord("gw")->kind == EndKind::kGateway));
  BOOST_TEST((ReadKindWord("gw.networking.istio.io")->kind == EndKind::kGateway));
  BOOST_TEST((ReadKindWord("gateway.gateway.networking.k8s.io")->kind == EndKind::kGateway));
  BOOST_TEST((ReadKindWord("gateways.v1.networking.istio.io")->kind == EndKind::kGateway));
}

BOOST_AUTO_TEST_CASE(other_words_and_other_groups_are_no_kinds) {
  for (const char* word : {"", "deploymnt", "deployment.batch", "deployment.apps.example",
                           "pod.apps", "configmap", "deployment.", "deployment.v1"}) {
    BOOST_TEST(!ReadKindWord(word).has_value(), word);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::observe
