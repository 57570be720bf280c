// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "apiserver/discovery.h"
#include "apiserver/front_proxy.h"
#include "apiserver/registration.h"
#include "apiserver/serving_certificate.h"
#include "base/metrics.h"
#include "kube/kube_client.h"
#include "web/dump_api.h"
#include "web/file_api.h"
#include "web/http_server.h"
#include "web/live_api.h"
#include "web/live_backend.h"

namespace traffictap::apiserver {

// Tells what runs here to whoever `user` is, once and on any thread. Called on the server's thread.
using AskVersions = std::function<void(const observe::User& user, const TellVersions& tell)>;

struct AggregatedApiOptions {
  std::string address;  // IP:PORT
  // The Service that leads here, NAME.NAMESPACE: for which name the server makes its certificate.
  std::string service = "traffictap-collector.traffictap-system";
  // The ClusterRole that owns the APIService, as RegistrationOptions have it. Not with files.
  std::string owner;
  // PEM files that take the place of the server's own certificate, read again when they change. Who
  // gives them writes the APIService's caBundle too.
  std::string certificate_file;
  std::string key_file;
  // PEM file with the authority of readers, which ask in the place of the API server: then they are
  // the front proxy, and no other is looked for. With files alone, and without an owner.
  std::string readers_ca_file;
  AskVersions versions = nullptr;          // null: nobody is told
  base::Nanos period = 5 * base::kSecond;  // how often all that is trusted is looked at
  base::Nanos certificate_lifetime = base::Nanos{7} * 24 * 3600 * base::kSecond;  // of its own
};

// Serves tap.traffictap.io/v1alpha1 to the cluster's API server (README.md). Starts whether or not
// that answers: until it has told whom to believe everything is answered with 503. Its own
// certificate is renewed after two thirds of its lifetime, and shown one period after the
// APIService names it. Open streams keep the connection that they have.
class AggregatedApi {
 public:
  // All pointers outlive the API. kInvalidArgument: an option or a file cannot be used;
  // kUnavailable: the address is taken.
  static StatusOr<std::unique_ptr<AggregatedApi>> Start(
      const AggregatedApiOptions& options, kube::KubeClient* kube, observe::LiveHub* hub,
      const base::Clock* clock, web::LiveApi::TapsJson taps_json, web::DumpApi::Dump dump,
      std::shared_ptr<const web::FileStore> files);
  // The same, of records that others have.
  static StatusOr<std::unique_ptr<AggregatedApi>> Start(const AggregatedApiOptions& options,
                                                        kube::KubeClient* kube,
                                                        const base::Clock* clock,
                                                        std::unique_ptr<web::LiveBackend> records);
  // Removes the APIService where it made it, and closes all connections. Waits for the calls to the
  // API server that are under way: at most some seconds.
  ~AggregatedApi();

  int port() const;
  // It knows whom to believe, and the API server knows its certificate.
  bool ready() const { return ready_; }
  void WriteMetrics(base::MetricWriter& writer) const;

 private:
  AggregatedApi(const AggregatedApiOptions& options, kube::KubeClient* kube,
                const base::Clock* clock, std::unique_ptr<web::LiveBackend> records);

  Status Serve();
  std::map<std::string, web::Route> Routes();
  StatusOr<observe::User> UserOf(const web::HttpRequest& request) const;
  void Answer(const web::HttpRequest& request, const web::Route::Respond& respond);
  void AnswerLive(const web::HttpRequest& request, observe::User user,
                  const web::Route::Respond& respond) const;
  void Refuse(const web::HttpRequest& request, const Status& why,
              const web::Route::Respond& respond);

  // On the thread of its own.
  void Run();
  Status Refresh();
  Status RefreshFrontProxy();
  StatusOr<FrontProxy> FindFrontProxy() const;
  bool KnowsFrontProxy() const;
  Status RefreshCertificate();
  Status RefreshFiles();
  Status RefreshOwn();

  const AggregatedApiOptions options_;
  kube::KubeClient* const kube_;
  const base::Clock* const clock_;
  const std::unique_ptr<web::LiveBackend> records_;
  std::vector<std::string> dns_names_;
  Registration registration_;
  ServingCertificate certificate_;  // shown
  // shown once a period has passed since it was published
  std::optional<ServingCertificate> newer_;
  bool newer_published_ = false;
  std::shared_ptr<web::ServerTls> tls_;
  tls::ServerTexts tls_settings_;  // in force
  std::atomic<bool> ready_{false};
  std::atomic<uint64_t> refused_{0};
  base::Nanos refusal_told_ = 0;  // on the server's thread
  mutable absl::Mutex mutex_;
  std::optional<FrontProxy> front_proxy_ ABSL_GUARDED_BY(mutex_);
  bool ends_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<web::HttpServer> server_;
  std::jthread thread_;
};

}  // namespace traffictap::apiserver
