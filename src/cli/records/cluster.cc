// SPDX-License-Identifier: Apache-2.0
#include "cli/records/cluster.h"

#include <chrono>
#include <thread>

#include "base/percent.h"
#include "fmt/format.h"
#include "kube/http_kube_client.h"
#include "observe/token_authorizer.h"
#include "tap/values.h"

namespace traffictap::cli {
namespace {

constexpr char kSection[] = "Cluster";

StatusOr<Cluster> ConnectStandalone(const ClusterOptions& options, const base::Clock* clock) {
  if (options.token_file.empty()) {
    return absl::InvalidArgumentError(
        "--collector needs --token-file: the token that the collector printed when it started, or "
        "its --live-token-file");
  }
  auto token = observe::ReadTokenFile(options.token_file);
  if (!token.ok()) return token.status();
  kube::HttpKubeClientOptions http;
  http.access.server = options.collector;
  http.access.token = *token;
  http.user_agent = "kubectl-traffictap/" TRAFFICTAP_VERSION;
  auto client = kube::HttpKubeClient::Make(std::move(http), clock);
  if (!client.ok()) return client.status();
  return Cluster{*std::move(client), "", true};
}

Option FileOption(std::string name, std::string help, std::string* out) {
  Option option = TextOption(std::move(name), 0, "FILE", std::move(help), out);
  option.completes = Completes::kFiles;
  return option;
}

// kubectl's also takes "0", and a number without a unit as seconds.
Option TimeoutOption(base::Nanos* out) {
  const auto take = [out](const std::string& text) -> Status {
    const bool number = text.find_first_not_of("0123456789") == std::string::npos;
    const auto read = tap::ParseDuration(number ? text + "s" : text);
    if (read.ok()) *out = *read;
    return read.status();
  };
  return {"request-timeout", 0, "DURATION",
          "give up on a single request after this time; 0 for the default", take};
}

// Those of kubectl, with its names.
std::vector<Option> KubeconfigOptionsOf(ClusterOptions* out) {
  auto& config = out->kubeconfig;
  Option context = TextOption("context", 0, "NAME", "kubeconfig context", &config.context);
  context.completes = Completes::kContexts;
  Option groups{"as-group", 0, "GROUP", "group to impersonate; may be repeated",
                [&config](const std::string& group) {
                  config.impersonate.groups.push_back(group);
                  return group.empty() ? absl::InvalidArgumentError("must not be empty")
                                       : absl::OkStatus();
                }};
  return {FileOption("kubeconfig", "kubeconfig file", &config.path),
          context,
          TextOption("cluster", 0, "NAME", "kubeconfig cluster", &config.cluster),
          TextOption("user", 0, "NAME", "kubeconfig user", &config.user),
          TextOption("as", 0, "USER", "user or service account to impersonate",
                     &config.impersonate.user),
          groups,
          TextOption("as-uid", 0, "UID", "UID to impersonate", &config.impersonate.uid),
          TextOption("token", 0, "TOKEN", "bearer token for the API server", &config.token),
          TimeoutOption(&out->request_timeout),
          FlagOption("insecure-skip-tls-verify", 0,
                     "do not check the API server's certificate: connections are not secure",
                     &config.insecure_skip_tls_verify)};
}

constexpr int kTrustTries = 15;
constexpr auto kTrustPause = std::chrono::milliseconds(300);

bool IsUntrusted(const Status& status) {
  const auto error = kube::ApiErrorOf(status);
  return error && error->code == 503 &&
         error->message.find("failed to verify certificate") != std::string::npos;
}

}  // namespace

void AddClusterOptions(AllNamespaces all, Standalone standalone, ClusterOptions* out,
                       CommandSpec* spec) {
  Option ns = TextOption("namespace", 'n', "NAME", "namespace (default: the context's)", &out->ns);
  ns.aliases = {"ns"};
  ns.completes = Completes::kNamespaces;
  std::vector<Option> options = {ns};
  if (all == AllNamespaces::kOffered) {
    options.push_back(FlagOption("all-namespaces", 'A', "all namespaces", &out->all_namespaces));
  }
  for (auto& option : KubeconfigOptionsOf(out)) options.push_back(std::move(option));
  if (standalone == Standalone::kOffered) {
    options.push_back(TextOption("collector", 0, "URL",
                                 "connect to a collector that runs without Kubernetes",
                                 &out->collector));
    options.push_back(
        FileOption("token-file", "token for --collector, readable only by you", &out->token_file));
  }
  for (auto& option : options) {
    option.section = kSection;
    spec->options.push_back(std::move(option));
  }
}

StatusOr<Cluster> ConnectCluster(const ClusterOptions& options, const base::Clock* clock) {
  if (!options.collector.empty()) return ConnectStandalone(options, clock);
  auto access = kube::FindClusterAccess(options.kubeconfig);
  if (!access.ok()) return access.status();
  Cluster out;
  out.ns = options.all_namespaces ? "" : options.ns.empty() ? access->ns : options.ns;
  kube::HttpKubeClientOptions http;
  http.access = *std::move(access);
  http.request_timeout = options.request_timeout;
  http.user_agent = "kubectl-traffictap/" TRAFFICTAP_VERSION;
  auto client = kube::HttpKubeClient::Make(std::move(http), clock);
  if (!client.ok()) return client.status();
  out.client = *std::move(client);
  return out;
}

std::string LivePath(const Cluster& cluster, const std::string& resource, bool follow,
                     const std::vector<std::pair<std::string, std::string>>& query) {
  std::string path = kLiveGroup;
  if (!cluster.ns.empty()) path += "/namespaces/" + base::PercentEncode(cluster.ns);
  if (cluster.standalone) path = "/api/v1";
  // The standalone API's name for it is that of its answer.
  path += "/" + (cluster.standalone && resource == "summaries" ? "summary" : resource);
  char separator = '?';
  const auto add = [&](const std::string& name, const std::string& value) {
    if (value.empty()) return;
    path +=
        fmt::format("{}{}={}", separator, base::PercentEncode(name), base::PercentEncode(value));
    separator = '&';
  };
  if (follow) add(cluster.standalone ? "follow" : "watch", "true");
  for (const auto& [name, value] : query) add(name, value);
  return path;
}

Status CheckLive(const Cluster& cluster) {
  auto group = cluster.client->GetRaw(kLiveGroup, {});
  // A collector that has just started has a new certificate, which the API server trusts a moment
  // later.
  for (int i = 0; i < kTrustTries && IsUntrusted(group.status()); ++i) {
    std::this_thread::sleep_for(kTrustPause);
    group = cluster.client->GetRaw(kLiveGroup, {});
  }
  // Who may not see the group may still be allowed to read from it.
  if (group.ok() || absl::IsPermissionDenied(group.status())) return absl::OkStatus();
  return ExplainLive(group.status(), cluster);
}

Status ExplainLive(const Status& status, const Cluster& cluster) {
  const auto error = kube::ApiErrorOf(status);
  const std::string said = error ? error->message : Message(status);
  if (cluster.standalone) {
    if (absl::IsUnauthenticated(status)) {
      return absl::UnauthenticatedError("the collector does not accept the token of --token-file");
    }
    return error ? Status(status.code(), said) : status;
  }
  if (!error) return status;
  if (error->code == 404 &&
      said.find("could not find the requested resource") != std::string::npos) {
    return absl::FailedPreconditionError(
        "this cluster does not serve live records: the APIService v1alpha1.tap.traffictap.io is "
        "missing. The collector creates it while it runs: check whether it does (kubectl -n "
        "traffictap-system get pods), and whether live records are on (api.enabled in the chart). "
        "Taps and their outputs work without them");
  }
  if (error->code == 503) {
    return absl::UnavailableError(fmt::format(
        "the collector does not answer through the API server ({}); see: kubectl get apiservice "
        "v1alpha1.tap.traffictap.io -o wide; kubectl -n traffictap-system get pods",
        said));
  }
  if (error->code == 401) {
    return absl::UnauthenticatedError(
        "the API server does not accept the credentials of your kubeconfig: log in again");
  }
  if (error->code == 403) {
    const std::string where =
        cluster.ns.empty() ? "in all namespaces" : "in namespace " + cluster.ns;
    return absl::PermissionDeniedError(fmt::format(
        "{}; reading live records {} needs the verb watch on pairs.tap.traffictap.io: ask for the "
        "ClusterRole {}",
        said, where, cluster.ns.empty() ? "traffictap-admin" : "traffictap-tapper"));
  }
  return Status(status.code(), said);
}

}  // namespace traffictap::cli
