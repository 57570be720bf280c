// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "apiserver/aggregated_api.h"
#include "kube/http_kube_client.h"
#include "kube/kubeconfig.h"
#include "observe/live_hub.h"
#include "pipeline/pipeline.h"
#include "web/dump_api.h"
#include "web/file_store.h"
#include "web/live_backend.h"

namespace traffictap::collector {

struct ApiSiteOptions {
  apiserver::AggregatedApiOptions api;  // without an address: off
  kube::KubeconfigOptions kubeconfig;   // of the API server that it stands behind
  std::string trace_url;                // TapsJson's
};

// The client of an API server, found as `options` say. An error says what --api lacks. `clock` outlives it.
StatusOr<std::unique_ptr<kube::HttpKubeClient>> ConnectToApiServer(
    const kube::KubeconfigOptions& options, const base::Clock* clock);

// The live records behind the cluster's API server, and the client that asks that server.
class ApiSite {
 public:
  using Snapshot = std::function<pipeline::PipelineSnapshot()>;

  // `hub` and `clock` outlive the site; `snapshot` is called on threads of its own. An error says
  // which option is wrong.
  static StatusOr<std::unique_ptr<ApiSite>> Start(const ApiSiteOptions& options,
                                                  observe::LiveHub* hub, const base::Clock* clock,
                                                  Snapshot snapshot, web::DumpApi::Dump dump,
                                                  std::shared_ptr<const web::FileStore> files);

  // The same, of records that others have.
  static StatusOr<std::unique_ptr<ApiSite>> Start(const ApiSiteOptions& options,
                                                  const base::Clock* clock,
                                                  std::unique_ptr<web::LiveBackend> records);

  int port() const { return api_->port(); }
  void WriteMetrics(base::MetricWriter& writer) const;

 private:
  ApiSite() = default;
  static StatusOr<std::unique_ptr<ApiSite>> Connect(const ApiSiteOptions& options,
                                                    const base::Clock* clock);
  Status Take(StatusOr<std::unique_ptr<apiserver::AggregatedApi>> started);
  std::unique_ptr<kube::HttpKubeClient> kube_;
  std::unique_ptr<apiserver::AggregatedApi> api_;
};

}  // namespace traffictap::collector
