// SPDX-License-Identifier: Apache-2.0
#include "cli/records/cluster.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

Status Refused(int code, const std::string& message) {
  return kube::ToStatus({code, "", "", message, {}}, "get", "x");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cluster)

BOOST_AUTO_TEST_CASE(paths_are_those_of_the_aggregated_or_of_the_collectors_own_api) {
  const cli::Cluster one{nullptr, "shop", false};
  const cli::Cluster all{nullptr, "", false};
  const cli::Cluster alone{nullptr, "", true};
  const std::string group = "/apis/tap.traffictap.io/v1alpha1";
  BOOST_TEST(cli::LivePath(one, "pairs", true, {{"path", "/a&b"}, {"since", ""}}) ==
             group + "/namespaces/shop/pairs?watch=true&path=%2Fa%26b");
  BOOST_TEST(cli::LivePath(all, "summaries", false, {}) == group + "/summaries");
  BOOST_TEST(cli::LivePath(alone, "pairs", true, {}) == "/api/v1/pairs?follow=true");
  BOOST_TEST(cli::LivePath(alone, "summaries", false, {}) == "/api/v1/summary");
}

BOOST_AUTO_TEST_CASE(failures_say_what_to_do) {
  const cli::Cluster one{nullptr, "shop", false};
  const auto missing =
      cli::ExplainLive(Refused(404, "the server could not find the requested resource"), one);
  BOOST_TEST(absl::IsFailedPrecondition(missing));
  for (const char* part : {"APIService", "get pods", "api.enabled"}) {
    BOOST_TEST(Message(missing).find(part) != std::string::npos, part);
  }
  const auto away = cli::ExplainLive(Refused(503, "no endpoints"), one);
  BOOST_TEST(absl::IsUnavailable(away));
  BOOST_TEST(Message(away).find("kubectl get apiservice") != std::string::npos);
  BOOST_TEST(absl::IsUnauthenticated(cli::ExplainLive(Refused(401, "no"), one)));
  const auto forbidden = cli::ExplainLive(Refused(403, "no"), one);
  BOOST_TEST(Message(forbidden).find("traffictap-tapper") != std::string::npos);
  BOOST_TEST(absl::IsNotFound(cli::ExplainLive(Refused(404, "no tap x"), one)));
}

BOOST_AUTO_TEST_CASE(a_collector_without_kubernetes_needs_a_token_that_nobody_else_can_read) {
  const base::SystemClock clock;
  cli::ClusterOptions options;
  options.collector = "http://127.0.0.1:1";
  BOOST_TEST(absl::IsInvalidArgument(cli::ConnectCluster(options, &clock).status()));
  const fakes::TempDir dir;
  dir.Write("token", "0123456789abcdef\n");
  options.token_file = dir / "token";
  BOOST_TEST(chmod(options.token_file.c_str(), 0644) == 0);
  BOOST_TEST(absl::IsInvalidArgument(cli::ConnectCluster(options, &clock).status()));
  BOOST_TEST(chmod(options.token_file.c_str(), 0600) == 0);
  const auto cluster = cli::ConnectCluster(options, &clock);
  BOOST_TEST_REQUIRE(cluster.ok(), Message(cluster.status()));
  BOOST_TEST(cluster->standalone);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
