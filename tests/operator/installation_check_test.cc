// SPDX-License-Identifier: Apache-2.0
#include "operator/installation_check.h"

#include <boost/test/unit_test.hpp>

#include "fakes/fake_kube_client.h"

namespace traffictap {

using kube::Json;
using kube::Object;

struct InstallationCheckTest {
  InstallationCheckTest() {
    kube.Seed(kube::kCustomResourceDefinitions,
              Object(Json{{"metadata", {{"name", "traffictaps.traffictap.io"}}}}));
    Lease("traffictap-operator-1_7");
    kube.Seed(
        kube::kServices,
        Object(Json{
            {"metadata", {{"name", "traffictap-collector"}, {"namespace", "traffictap-system"}}},
            {"spec",
             {{"ports", Json::array({{{"name", "grpc-als"}, {"port", 9811}},
                                     {{"name", "http-metrics"}, {"port", 9812}}})}}}}));
    answers["/readyz"] = std::string("ok\n");
    answers["/metrics"] = std::string("# TYPE x gauge\ntraffictap_operator_connected 1\n");
  }
  void Lease(const std::string& holder) {
    kube.Seed(kube::kLeases,
              Object(Json{{"metadata",
                           {{"name", "traffictap-operator"}, {"namespace", "traffictap-system"}}},
                          {"spec", {{"holderIdentity", holder}}}}));
  }
  // The texts of what is not good.
  std::string Faults() {
    op::CheckPorts ports;
    ports.kube = &kube;
    ports.ask = [this](const std::string& server, const std::string& path) {
      asked = server;
      return answers.at(path);
    };
    std::string out;
    for (const auto& finding : op::CheckInstallation({}, ports)) {
      if (!finding.good) out += finding.text + "\n";
    }
    return out;
  }
  fakes::FakeKubeClient kube;
  std::map<std::string, StatusOr<std::string>> answers;
  std::string asked;
};

BOOST_FIXTURE_TEST_SUITE(installation_check, InstallationCheckTest)

BOOST_AUTO_TEST_CASE(nothing_is_missing_in_an_installation_that_works) {
  BOOST_TEST(Faults() == "");
  BOOST_TEST(asked == "http://traffictap-collector.traffictap-system.svc.cluster.local:9812");
}

BOOST_AUTO_TEST_CASE(kinds_that_are_not_there_are_told) {
  kube.Purge(kube::kCustomResourceDefinitions, {"", "traffictaps.traffictap.io"});
  BOOST_TEST(Faults().find("crds.install") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_operator_that_does_not_lead_is_told) {
  Lease("");
  BOOST_TEST(Faults() == "no operator leads now: look at its pods\n");
  kube.Purge(kube::kLeases, {"traffictap-system", "traffictap-operator"});
  BOOST_TEST(Faults().find("no operator has ever led") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_service_without_the_port_of_the_access_logs_is_told) {
  kube.Seed(kube::kServices,
            Object(Json{{"metadata",
                         {{"name", "traffictap-collector"}, {"namespace", "traffictap-system"}}},
                        {"spec", {{"ports", "none"}}}}));
  BOOST_TEST(Faults() == "the Service traffictap-collector has no port grpc-als\n");
  kube.Purge(kube::kServices, {"traffictap-system", "traffictap-collector"});
  BOOST_TEST(Faults().find("the Service that proxies send to") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_collector_that_does_not_answer_or_is_cut_off_is_told) {
  answers["/metrics"] = std::string("traffictap_operator_connected 0\n");
  BOOST_TEST(Faults() == "the collector has no stream to the operator: see its log\n");
  answers["/metrics"] = absl::UnavailableError("refused");
  answers["/readyz"] = absl::UnavailableError("HTTP 503");
  BOOST_TEST(Faults().find("the collector is not ready: HTTP 503") != std::string::npos);
  BOOST_TEST(Faults().find("ask the collector for its taps: refused") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
