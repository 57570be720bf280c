#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "kube/kube_client.h"
#include "kube/kubeconfig.h"

namespace traffictap::kube {

struct HttpKubeClientOptions {
  ClusterAccess access;
  std::string user_agent = "traffictap";
  // Own limit on writes: reviews and reads are free.
  double writes_per_second = 10;
  int write_burst = 20;
  base::Nanos watch_silence = 80 * base::kSecond;  // see KubeClient::Watch
  base::Nanos credentials_period =
      60 * base::kSecond;  // how often token, CA and certificate files are read again
  size_t response_bytes_max = 256 << 20;   // larger answers are kResourceExhausted
  size_t watch_line_bytes_max = 16 << 20;  // one event
};

// The KubeClient over HTTP/1.1. Keeps a few connections; each watch has its own.
class HttpKubeClient : public KubeClient {
 public:
  // No network yet. kInvalidArgument: the access cannot be used (URL, PEM). `clock` outlives the
  // client.
  static StatusOr<std::unique_ptr<HttpKubeClient>> Make(HttpKubeClientOptions options,
                                                        const base::Clock* clock);

  // traffictap_kube_requests_total{verb,resource,code}, ..._request_seconds_total{verb,resource}
  // and
  // ..._write_limit_wait_seconds_total. Register with the MetricsRegistry while this lives.
  virtual void WriteMetrics(base::MetricWriter& writer) const = 0;
};

}  // namespace traffictap::kube
