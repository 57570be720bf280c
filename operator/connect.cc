// SPDX-License-Identifier: Apache-2.0
#include "operator/connect.h"

#include <utility>

#include "fmt/format.h"
#include "kube/http_transport.h"

namespace traffictap::op {
namespace {

constexpr base::Nanos kAskPatience = 10 * base::kSecond;

}  // namespace

StatusOr<std::unique_ptr<kube::HttpKubeClient>> Connect(const Options& options,
                                                        const base::Clock* clock) {
  auto access = kube::FindClusterAccess(options.kubeconfig);
  if (!access.ok()) return access.status();
  kube::HttpKubeClientOptions client;
  client.access = *std::move(access);
  client.user_agent = "traffictap-operator/" TRAFFICTAP_VERSION;
  client.writes_per_second = options.api_writes_per_second;
  client.write_burst = 2 * options.api_writes_per_second;
  return kube::HttpKubeClient::Make(std::move(client), clock);
}

StatusOr<std::string> Ask(const std::string& server, const std::string& path) {
  kube::HttpTransportOptions options;
  options.server = server;
  const auto transport = kube::HttpTransport::Make(std::move(options));
  if (!transport.ok()) return transport.status();
  kube::HttpRequest request;
  request.target = path;
  request.accept = "*/*";
  auto response = (*transport)->Send(request, kAskPatience);
  if (!response.ok()) return response.status();
  if (response->code == 200) return std::move(response->body);
  return absl::UnavailableError(fmt::format("{}{}: HTTP {}", server, path, response->code));
}

}  // namespace traffictap::op
