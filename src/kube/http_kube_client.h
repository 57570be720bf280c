// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "kube/credentials.h"
#include "kube/http_transport.h"
#include "kube/kube_client.h"
#include "kube/kubeconfig.h"
#include "kube/rate_limiter.h"
#include "kube/request_metrics.h"

namespace traffictap::kube {

struct HttpKubeClientOptions {
  ClusterAccess access;
  std::string user_agent = "traffictap";
  // Own limit on writes. Leases and reviews are outside of it: a burst of writes must not cost us
  // the leadership.
  double writes_per_second = 10;
  int write_burst = 20;
  base::Nanos request_timeout = 0;                 // of every call; 0: what each call asks for
  base::Nanos watch_silence = 80 * base::kSecond;  // see KubeClient::Watch
  // how often token, CA and keys are read again
  base::Nanos credentials_period = 60 * base::kSecond;
  size_t response_bytes_max = 256 << 20;   // larger answers are kResourceExhausted
  size_t watch_line_bytes_max = 16 << 20;  // one event
};

// The KubeClient over HTTP/1.1. Keeps a few connections; each watch has its own.
class HttpKubeClient final : public KubeClient {
 public:
  // No network, but a credential plugin may run. kInvalidArgument: the access cannot be used (URL,
  // PEM). `clock` outlives the client.
  static StatusOr<std::unique_ptr<HttpKubeClient>> Make(HttpKubeClientOptions options,
                                                        const base::Clock* clock);
  ~HttpKubeClient() override;

  // traffictap_kube_requests_total{verb,resource,code},
  // ..._request_seconds_total{verb,resource,code} and
  // ..._write_limit_wait_seconds_total.
  void WriteMetrics(base::MetricWriter& writer) const { metrics_.Write(writer); }

  StatusOr<Object> Get(const Resource& resource, const ObjectKey& key,
                       const CallOptions& options) override;
  StatusOr<std::string> List(const Resource& resource, const ListOptions& options,
                             const std::function<void(Object)>& each) override;
  Status Watch(const Resource& resource, const WatchOptions& options,
               const std::function<void(WatchEvent)>& on_event, std::stop_token stop) override;
  StatusOr<Object> Apply(const Resource& resource, const Object& object,
                         const ApplyOptions& options) override;
  StatusOr<Object> ApplyStatus(const Resource& resource, const Object& object,
                               const ApplyOptions& options) override;
  StatusOr<Object> Create(const Resource& resource, const Object& object,
                          const CallOptions& options) override;
  StatusOr<Object> Update(const Resource& resource, const Object& object,
                          const CallOptions& options) override;
  Status Delete(const Resource& resource, const ObjectKey& key,
                const DeleteOptions& options) override;
  StatusOr<std::string> GetRaw(const std::string& path, const CallOptions& options) override;
  Status Stream(const std::string& path, const StreamOptions& options,
                const StreamHandlers& handlers, std::stop_token stop) override;

 private:
  // What is counted and what opens an error's message.
  struct Call {
    std::string verb;
    std::string resource;
    std::string object;
    bool limited = false;    // takes from the write limit
    bool gives_way = false;  // and does not wait for it
  };

  HttpKubeClient(HttpKubeClientOptions options, const base::Clock* clock);

  StatusOr<std::string> Send(const Call& call, HttpRequest request, base::Nanos timeout);
  StatusOr<Object> SendForObject(const Call& call, HttpRequest request, base::Nanos timeout);
  StatusOr<Object> SendApply(const Resource& resource, const Object& object,
                             const ApplyOptions& options, std::string_view subresource);
  // Waits for the write limit; returns what is left of `timeout`.
  StatusOr<base::Nanos> WaitForLimit(const Call& call, base::Nanos timeout);
  // Puts the credentials into `request` and returns the transport that fits them.
  StatusOr<std::shared_ptr<HttpTransport>> Authenticate(HttpRequest* request);
  // Counts the answer and turns it into its body or an error.
  StatusOr<std::string> Finish(const Call& call, StatusOr<HttpResponse> response,
                               base::Nanos started);

  const HttpKubeClientOptions options_;
  const base::Clock* const clock_;
  Credentials credentials_;
  RateLimiter write_limit_;
  RequestMetrics metrics_;
  absl::Mutex mutex_;
  std::shared_ptr<HttpTransport> transport_ ABSL_GUARDED_BY(mutex_);
  TlsSettings transport_tls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::kube
