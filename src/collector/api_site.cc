// SPDX-License-Identifier: Apache-2.0
#include "collector/api_site.h"

#include "base/log.h"
#include "collector/taps_json.h"
#include "fmt/format.h"

namespace traffictap::collector {

StatusOr<std::unique_ptr<kube::HttpKubeClient>> ConnectToApiServer(
    const kube::KubeconfigOptions& options, const base::Clock* clock) {
  auto access = kube::FindClusterAccess(options);
  if (!access.ok()) {
    return Status(access.status().code(),
                  fmt::format("--api needs an API server: {}", Message(access.status())));
  }
  return kube::HttpKubeClient::Make(
      {.access = *std::move(access), .user_agent = "traffictap-collector/" TRAFFICTAP_VERSION},
      clock);
}

StatusOr<std::unique_ptr<ApiSite>> ApiSite::Connect(const ApiSiteOptions& options,
                                                    const base::Clock* clock) {
  auto client = ConnectToApiServer(options.kubeconfig, clock);
  if (!client.ok()) return client.status();
  std::unique_ptr<ApiSite> out(new ApiSite);
  out->kube_ = *std::move(client);
  return out;
}

Status ApiSite::Take(StatusOr<std::unique_ptr<apiserver::AggregatedApi>> started) {
  if (!started.ok()) return started.status();
  api_ = *std::move(started);
  log::For("apiserver").info("aggregated API listens port={}", port());
  return absl::OkStatus();
}

StatusOr<std::unique_ptr<ApiSite>> ApiSite::Start(const ApiSiteOptions& options,
                                                  observe::LiveHub* hub, const base::Clock* clock,
                                                  Snapshot snapshot, web::DumpApi::Dump dump,
                                                  std::shared_ptr<const web::FileStore> files) {
  auto out = Connect(options, clock);
  if (!out.ok()) return out.status();
  TT_RETURN_IF_ERROR((*out)->Take(apiserver::AggregatedApi::Start(
      options.api, (*out)->kube_.get(), hub, clock,
      [hub, snapshot = std::move(snapshot), trace_url = options.trace_url](
          const observe::Access& access) { return TapsJson(snapshot(), *hub, access, trace_url); },
      std::move(dump), std::move(files))));
  return out;
}

StatusOr<std::unique_ptr<ApiSite>> ApiSite::Start(const ApiSiteOptions& options,
                                                  const base::Clock* clock,
                                                  std::unique_ptr<web::LiveBackend> records) {
  auto out = Connect(options, clock);
  if (!out.ok()) return out.status();
  TT_RETURN_IF_ERROR((*out)->Take(apiserver::AggregatedApi::Start(options.api, (*out)->kube_.get(),
                                                                  clock, std::move(records))));
  return out;
}

void ApiSite::WriteMetrics(base::MetricWriter& writer) const {
  api_->WriteMetrics(writer);
  kube_->WriteMetrics(writer);
}

}  // namespace traffictap::collector
