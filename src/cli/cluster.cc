#include "cli/cluster.h"

#include <chrono>
#include <thread>

#include "fmt/format.h"
#include "kube/http_kube_client.h"
#include "kube/kubeconfig.h"
#include "kube/url_escape.h"
#include "observe/token_authorizer.h"

namespace traffictap::cli {
namespace {

constexpr char kSection[] = "Cluster";
constexpr char kGroup[] = "/apis/tap.traffictap.io/v1alpha1";

StatusOr<Cluster> ConnectStandalone(const ClusterOptions& options, const base::Clock* clock) {
  if (options.token_file.empty()) {
    return absl::InvalidArgumentError(
        "--server needs --token-file: the token that the collector printed at its start, or its "
        "--live-token-file");
  }
  auto token = observe::ReadTokenFile(options.token_file);
  if (!token.ok()) return token.status();
  kube::HttpKubeClientOptions http;
  http.access.server = options.server;
  http.access.token = *token;
  http.user_agent = "kubectl-traffictap/" TRAFFICTAP_VERSION;
  auto client = kube::HttpKubeClient::Make(std::move(http), clock);
  if (!client.ok()) return client.status();
  return Cluster{*std::move(client), "", true};
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
  Option ns =
      TextOption("namespace", 'n', "NAME", "the namespace (default: of the context)", &out->ns);
  ns.aliases = {"ns"};
  ns.completes = Completes::kNamespaces;
  Option kubeconfig = TextOption("kubeconfig", 0, "FILE", "the kubeconfig", &out->kubeconfig);
  kubeconfig.completes = Completes::kFiles;
  Option context = TextOption("context", 0, "NAME", "the kubeconfig's context", &out->context);
  context.completes = Completes::kContexts;
  std::vector<Option> options = {ns, kubeconfig, context};
  if (all == AllNamespaces::kOffered) {
    options.push_back(FlagOption("all-namespaces", 'A', "all namespaces", &out->all_namespaces));
  }
  if (standalone == Standalone::kOffered) {
    Option token =
        TextOption("token-file", 0, "FILE", "the token that opens --server, readable by you alone",
                   &out->token_file);
    token.completes = Completes::kFiles;
    options.push_back(TextOption("server", 0, "URL",
                                 "a collector that runs without Kubernetes, instead of a cluster",
                                 &out->server));
    options.push_back(token);
  }
  for (auto& option : options) {
    option.section = kSection;
    spec->options.push_back(std::move(option));
  }
}

StatusOr<Cluster> ConnectCluster(const ClusterOptions& options, const base::Clock* clock) {
  if (!options.server.empty()) return ConnectStandalone(options, clock);
  auto access = kube::FindClusterAccess({options.kubeconfig, options.context});
  if (!access.ok()) return access.status();
  Cluster out;
  out.ns = options.all_namespaces ? "" : options.ns.empty() ? access->ns : options.ns;
  kube::HttpKubeClientOptions http;
  http.access = *std::move(access);
  http.user_agent = "kubectl-traffictap/" TRAFFICTAP_VERSION;
  auto client = kube::HttpKubeClient::Make(std::move(http), clock);
  if (!client.ok()) return client.status();
  out.client = *std::move(client);
  return out;
}

std::string LivePath(const Cluster& cluster, const std::string& resource, bool follow,
                     const std::vector<std::pair<std::string, std::string>>& query) {
  std::string path = kGroup;
  if (!cluster.ns.empty()) path += "/namespaces/" + kube::EscapeUrl(cluster.ns);
  if (cluster.standalone) path = "/api/v1";
  // The standalone API's name for it is that of its answer.
  path += "/" + (cluster.standalone && resource == "summaries" ? "summary" : resource);
  char separator = '?';
  const auto add = [&](const std::string& name, const std::string& value) {
    if (value.empty()) return;
    path += fmt::format("{}{}={}", separator, kube::EscapeUrl(name), kube::EscapeUrl(value));
    separator = '&';
  };
  if (follow) add(cluster.standalone ? "follow" : "watch", "true");
  for (const auto& [name, value] : query) add(name, value);
  return path;
}

Status CheckLive(const Cluster& cluster) {
  auto group = cluster.client->GetRaw(kGroup, {});
  // A collector that has just started has a new certificate, which the API server trusts a moment
  // later.
  for (int i = 0; i < kTrustTries && IsUntrusted(group.status()); ++i) {
    std::this_thread::sleep_for(kTrustPause);
    group = cluster.client->GetRaw(kGroup, {});
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
        "this cluster serves no live records: the APIService v1alpha1.tap.traffictap.io is "
        "missing; "
        "install TrafficTap, or ask whoever runs the cluster to");
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
