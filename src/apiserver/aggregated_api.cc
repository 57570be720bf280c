// SPDX-License-Identifier: Apache-2.0

// The order in which things become true is what keeps it safe and reachable: it believes nobody
// before it has read who the front proxy is; it is registered only once it can answer; and a new
// certificate is shown one period after the APIService names it, since the API server has to trust
// it by then. One thread does all of that, and tls_settings_ and certificate_ are its alone once
// the server runs; answers come on the server's thread and read front_proxy_ under the mutex.
#include "apiserver/aggregated_api.h"

#include <utility>

#include "absl/time/time.h"
#include "apiserver/discovery.h"
#include "apiserver/own_records.h"
#include "base/log.h"
#include "base/text_file.h"
#include "fmt/format.h"
#include "web/live_stream.h"
#include "web/site_guard.h"

namespace traffictap::apiserver {
namespace {

constexpr size_t kFileBytesMax = 1 << 20;
constexpr base::Nanos kTimeout = 5 * base::kSecond;
// A user of many groups has a long head.
constexpr size_t kRequestBytesMax = 64 * 1024;
// More than there may be readers: the API server keeps connections of its own.
constexpr int kConnectionsMax = 128;
constexpr base::Nanos kRefusalPeriod = base::kSecond;
constexpr char kDumps[] = "dumps";
constexpr char kFiles[] = "files";

struct LivePath {
  std::string resource;
  std::optional<std::string> ns;
};

std::optional<web::LiveResource> ResourceOf(std::string_view name) {
  if (name == "pairs") return web::LiveResource::kPairs;
  if (name == "summaries") return web::LiveResource::kSummaries;
  if (name == "taps") return web::LiveResource::kTaps;
  return std::nullopt;
}

// "[namespaces/NAMESPACE/]RESOURCE".
std::optional<LivePath> ParsePath(std::string_view rest) {
  constexpr std::string_view kNamespaces = "namespaces/";
  LivePath out;
  if (rest.starts_with(kNamespaces)) {
    rest.remove_prefix(kNamespaces.size());
    const size_t slash = rest.find('/');
    if (slash == 0 || slash == std::string_view::npos) return std::nullopt;
    out.ns = std::string(rest.substr(0, slash));
    rest.remove_prefix(slash + 1);
  }
  out.resource = std::string(rest);
  return out;
}

std::string LiveRoot() { return fmt::format("/apis/{}/{}/", kGroup, kVersion); }

web::HttpResponse Health(bool healthy) {
  return healthy ? web::HttpResponse{200, "text/plain", "ok\n"}
                 : web::HttpResponse{503, "text/plain", "not ready\n"};
}

Status AtFile(const char* flag, const std::string& path, const Status& why) {
  return absl::InvalidArgumentError(fmt::format("{} {}: {}", flag, path, Message(why)));
}

}  // namespace

AggregatedApi::AggregatedApi(const AggregatedApiOptions& options, kube::KubeClient* kube,
                             const base::Clock* clock, std::unique_ptr<web::LiveBackend> records)
    : options_(options),
      kube_(kube),
      clock_(clock),
      records_(std::move(records)),
      registration_({options.service, options.owner}, kube, clock) {}

StatusOr<std::unique_ptr<AggregatedApi>> AggregatedApi::Start(
    const AggregatedApiOptions& options, kube::KubeClient* kube, observe::LiveHub* hub,
    const base::Clock* clock, web::LiveApi::TapsJson taps_json, web::DumpApi::Dump dump,
    std::shared_ptr<const web::FileStore> files) {
  return Start(options, kube, clock,
               std::make_unique<OwnRecords>(kube, hub, clock, std::move(taps_json), std::move(dump),
                                            std::move(files)));
}

StatusOr<std::unique_ptr<AggregatedApi>> AggregatedApi::Start(
    const AggregatedApiOptions& options, kube::KubeClient* kube, const base::Clock* clock,
    std::unique_ptr<web::LiveBackend> records) {
  std::unique_ptr<AggregatedApi> out(new AggregatedApi(options, kube, clock, std::move(records)));
  TT_RETURN_IF_ERROR(out->Serve());
  return out;
}

Status AggregatedApi::Serve() {
  if (options_.certificate_file.empty()) {
    auto names = ServiceDnsNames(options_.service);
    if (!names.ok()) return names.status();
    dns_names_ = *std::move(names);
    auto made = MakeServingCertificate(dns_names_, clock_->Wall(), options_.certificate_lifetime);
    if (!made.ok()) return made.status();
    certificate_ = *std::move(made);
  } else {
    TT_RETURN_IF_ERROR(RefreshFiles());
  }
  tls_settings_ = {certificate_.certificate, certificate_.key, ""};
  auto tls = web::ServerTls::Make(tls_settings_);
  if (!tls.ok()) return AtFile("--api-cert", options_.certificate_file, tls.status());
  tls_ = *std::move(tls);
  web::HttpServerOptions server;
  server.address = options_.address;
  server.request_bytes_max = kRequestBytesMax;
  server.connections_max = kConnectionsMax;
  server.tls = tls_;
  auto started = web::HttpServer::Start(server, Routes());
  if (!started.ok()) return started.status();
  server_ = *std::move(started);
  thread_ = std::jthread([this] { Run(); });
  return absl::OkStatus();
}

AggregatedApi::~AggregatedApi() {
  {
    absl::MutexLock lock(&mutex_);
    ends_ = true;
  }
  if (thread_.joinable()) thread_.join();
  registration_.Remove();
  // Before the server goes: what is still answered needs it.
  records_->Stop();
  server_ = nullptr;
}

int AggregatedApi::port() const { return server_->port(); }

std::map<std::string, web::Route> AggregatedApi::Routes() {
  const auto answer = [this](const web::HttpRequest& request, const web::Route::Respond& respond) {
    Answer(request, respond);
  };
  const web::Route all = web::Route(answer).TakingBodies();
  return {{"/healthz", [] { return Health(true); }},
          {"/livez", [] { return Health(true); }},
          {"/readyz", [this] { return Health(ready()); }},
          {"/apis", all},
          {"/apis/", all},
          {"/openapi/", all}};
}

StatusOr<observe::User> AggregatedApi::UserOf(const web::HttpRequest& request) const {
  absl::MutexLock lock(&mutex_);
  if (front_proxy_) return ReadUser(*front_proxy_, request);
  return absl::UnavailableError(
      "not ready: the API server's authentication settings have not been read yet");
}

void AggregatedApi::Answer(const web::HttpRequest& request, const web::Route::Respond& respond) {
  auto user = UserOf(request);
  if (!user.ok()) return Refuse(request, user.status(), respond);
  if (request.path.starts_with(LiveRoot()) && request.path.size() > LiveRoot().size()) {
    return AnswerLive(request, *std::move(user), respond);
  }
  if (request.posted) return respond(web::OnlyReads());
  const bool tells = options_.versions && request.path.starts_with(VersionPath());
  if (!tells) return respond(AnswerDiscovery(request));
  options_.versions(*user, [request, respond](const ServedVersions& versions) {
    respond(AnswerDiscovery(request, versions));
  });
}

void AggregatedApi::AnswerLive(const web::HttpRequest& request, observe::User user,
                               const web::Route::Respond& respond) const {
  const auto path = ParsePath(std::string_view(request.path).substr(LiveRoot().size()));
  observe::Credentials credentials;
  credentials.peer = request.peer;
  credentials.user = std::move(user);
  if (path && path->resource == kDumps) {
    return records_->AnswerDump(request, std::move(credentials), path->ns, respond);
  }
  if (request.posted) return respond(web::OnlyReads());
  const bool files = path && path->resource == kFiles;
  const auto resource = path ? ResourceOf(path->resource) : std::nullopt;
  if (!resource && !files) {
    return respond(web::FailureResponse(
        absl::NotFoundError("the server could not find the requested resource")));
  }
  // kubectl get without --raw.
  if (request.header("accept").find("as=Table") != std::string::npos) {
    return respond(web::FailureResponse(absl::InvalidArgumentError(fmt::format(
        "these are no objects and have no table: use kubectl traffictap, or kubectl get --raw {}",
        request.path))));
  }
  web::LiveScope scope;
  scope.credentials = std::move(credentials);
  scope.ns = path->ns;
  scope.follow = "watch";
  if (files) return records_->AnswerFiles(request, std::move(scope), respond);
  records_->AnswerLive(*resource, request, std::move(scope), respond);
}

// Anybody who can reach the port can come here: the log has one of them a second, the metric all.
void AggregatedApi::Refuse(const web::HttpRequest& request, const Status& why,
                           const web::Route::Respond& respond) {
  ++refused_;
  const base::Nanos now = clock_->Monotonic();
  const bool told = refusal_told_ != 0 && now - refusal_told_ < kRefusalPeriod;
  if (absl::IsUnauthenticated(why) && !told) {
    refusal_told_ = now;
    observe::Credentials nobody;
    nobody.peer = request.peer;
    web::AuditRefusal(nobody, request.path, "", request.query, why);
  }
  respond(web::FailureResponse(why));
}

void AggregatedApi::Run() {
  std::string told;
  for (bool ends = false; !ends;) {
    const Status status = Refresh();
    if (status.ok()) {
      if (!ready_.exchange(true) || !told.empty()) {
        log::For("apiserver").info("aggregated API ready port={}", port());
      }
      told.clear();
    } else if (told != Message(status)) {
      told = Message(status);
      log::For("apiserver").warn("aggregated API not up to date err=\"{}\"", told);
    }
    absl::MutexLock lock(&mutex_);
    ends = mutex_.AwaitWithTimeout(absl::Condition(&ends_), absl::Nanoseconds(options_.period));
  }
}

Status AggregatedApi::Refresh() {
  const Status front_proxy = RefreshFrontProxy();
  // Not registered before it can answer.
  if (!front_proxy.ok() && !KnowsFrontProxy()) return front_proxy;
  const Status certificate = RefreshCertificate();
  TT_RETURN_IF_ERROR(front_proxy);
  return certificate;
}

StatusOr<FrontProxy> AggregatedApi::FindFrontProxy() const {
  if (!options_.readers_ca_file.empty()) {
    auto ca = base::ReadTextFile(options_.readers_ca_file, kFileBytesMax);
    if (!ca.ok()) return AtFile("--api-readers-ca", options_.readers_ca_file, ca.status());
    return FrontProxyOfReaders(*std::move(ca));
  }
  const auto config_map = kube_->Get(kube::kConfigMaps, kFrontProxyConfigMap, {kTimeout});
  if (!config_map.ok()) return config_map.status();
  return ReadFrontProxy(*config_map);
}

Status AggregatedApi::RefreshFrontProxy() {
  auto read = FindFrontProxy();
  if (!read.ok()) return read.status();
  tls::ServerTexts settings = tls_settings_;
  settings.client_ca = read->client_ca;
  if (settings != tls_settings_) {
    TT_RETURN_IF_ERROR(tls_->Set(settings));
    tls_settings_ = settings;
  }
  absl::MutexLock lock(&mutex_);
  front_proxy_ = *std::move(read);
  return absl::OkStatus();
}

bool AggregatedApi::KnowsFrontProxy() const {
  absl::MutexLock lock(&mutex_);
  return front_proxy_.has_value();
}

Status AggregatedApi::RefreshCertificate() {
  TT_RETURN_IF_ERROR(options_.certificate_file.empty() ? RefreshOwn() : RefreshFiles());
  tls::ServerTexts settings = tls_settings_;
  settings.certificate = certificate_.certificate;
  settings.key = certificate_.key;
  if (settings == tls_settings_) return absl::OkStatus();
  TT_RETURN_IF_ERROR(tls_->Set(settings));
  tls_settings_ = settings;
  log::For("apiserver").info("new serving certificate in use");
  return absl::OkStatus();
}

Status AggregatedApi::RefreshFiles() {
  auto certificate = base::ReadTextFile(options_.certificate_file, kFileBytesMax);
  if (!certificate.ok())
    return AtFile("--api-cert", options_.certificate_file, certificate.status());
  auto key = base::ReadTextFile(options_.key_file, kFileBytesMax);
  if (!key.ok()) return AtFile("--api-key", options_.key_file, key.status());
  certificate_.certificate = *std::move(certificate);
  certificate_.key = *std::move(key);
  return absl::OkStatus();
}

Status AggregatedApi::RefreshOwn() {
  const base::Nanos now = clock_->Wall();
  if (newer_published_) {
    certificate_ = *std::exchange(newer_, std::nullopt);
    newer_published_ = false;
  }
  if (!newer_ && now >= certificate_.expires - options_.certificate_lifetime / 3) {
    auto made = MakeServingCertificate(dns_names_, now, options_.certificate_lifetime);
    if (!made.ok()) return made.status();
    newer_ = *std::move(made);
  }
  const auto& newest = newer_ ? *newer_ : certificate_;
  TT_RETURN_IF_ERROR(registration_.Refresh(newest.certificate));
  newer_published_ = newer_.has_value();
  return absl::OkStatus();
}

void AggregatedApi::WriteMetrics(base::MetricWriter& writer) const {
  writer.Gauge(
      "traffictap_api_ready",
      "1 once the aggregated API can authenticate requests and is registered with the API server.",
      {}, ready_);
  writer.Counter("traffictap_api_refused_requests_total",
                 "Requests that did not come from the front proxy or named no user.", {}, refused_);
}

}  // namespace traffictap::apiserver
