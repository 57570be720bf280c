// SPDX-License-Identifier: Apache-2.0
#include "cli/records/cluster.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "cli/shell/parse_command.h"
#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

Status Refused(int code, const std::string& message) {
  return kube::ToStatus({code, "", "", message, {}}, "get", "x");
}

// The options of a command that speaks to a cluster, read from a command line.
StatusOr<cli::ClusterOptions> Parsed(const std::vector<std::string>& args) {
  cli::ClusterOptions out;
  cli::CommandSpec spec;
  cli::AddClusterOptions(cli::AllNamespaces::kOffered, cli::Standalone::kOffered, &out, &spec);
  const auto parsed = cli::ParseCommand(spec, args);
  if (!parsed.ok()) return parsed.status();
  return out;
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

BOOST_AUTO_TEST_CASE(the_options_of_kubectl_arrive_under_its_names) {
  const auto options =
      Parsed({"--kubeconfig=k", "--context=c", "--cluster=east", "--user=admin", "--as=jane",
              "--as-group=a", "--as-group=b", "--as-uid=7", "--token=t", "--request-timeout=1m",
              "--insecure-skip-tls-verify", "-nshop", "-A"});
  BOOST_TEST_REQUIRE(options.ok(), Message(options.status()));
  const kube::KubeconfigOptions& config = options->kubeconfig;
  BOOST_TEST(config.path == "k");
  BOOST_TEST(config.context == "c");
  BOOST_TEST(config.cluster == "east");
  BOOST_TEST(config.user == "admin");
  BOOST_TEST(config.token == "t");
  BOOST_TEST(config.insecure_skip_tls_verify);
  BOOST_TEST(config.impersonate.user == "jane");
  BOOST_TEST(config.impersonate.uid == "7");
  BOOST_TEST((config.impersonate.groups == std::vector<std::string>{"a", "b"}));
  BOOST_TEST(options->request_timeout == 60 * base::kSecond);
  BOOST_TEST(options->ns == "shop");
  BOOST_TEST(options->all_namespaces);
}

BOOST_AUTO_TEST_CASE(a_timeout_is_written_as_for_kubectl) {
  BOOST_TEST(Parsed({"--request-timeout", "5"}).value().request_timeout == 5 * base::kSecond);
  BOOST_TEST(Parsed({"--request-timeout", "0"}).value().request_timeout == 0);
  for (const char* arg : {"--request-timeout=soon", "--request-timeout=-1s"}) {
    BOOST_TEST(absl::IsInvalidArgument(Parsed({arg}).status()), arg);
  }
  BOOST_TEST(absl::IsInvalidArgument(Parsed({"--as-group", ""}).status()));
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
