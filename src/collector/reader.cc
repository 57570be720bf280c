// SPDX-License-Identifier: Apache-2.0
#include "collector/reader.h"

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "base/process_clock.h"
#include "collector/api_site.h"
#include "collector/live_site.h"
#include "fanin/expected_pairers.h"
#include "fanin/fan_in.h"
#include "web/http_server.h"
#include "web/page.h"

namespace traffictap::collector {
namespace {

// A position has a part of each pairer.
constexpr size_t kRequestBytesMax = 256 * 1024;

}  // namespace

// Members are built downward and destroyed upward.
struct Reader::State {
  Options options;
  const base::Clock* const clock = base::ProcessClock();
  base::MetricsRegistry metrics;
  std::atomic<bool> ready{false};
  // Of the directory alone, which may ask by it for longer than `api` lives. Null: without a StatefulSet.
  std::unique_ptr<kube::HttpKubeClient> kube;
  std::unique_ptr<fanin::PairerDirectory> pairers;
  std::unique_ptr<fanin::FanIn> own;  // null: `api` has it
  fanin::FanIn* fan_in = nullptr;
  std::unique_ptr<ApiSite> api;           // null: standalone
  std::unique_ptr<web::HttpServer> live;  // null: `http` serves it, or `api`
  std::unique_ptr<web::HttpServer> http;

  bool IsReady() const { return ready && pairers->resolved(); }

  std::map<std::string, web::Route> OwnRoutes() {
    return {{"/metrics",
             [this](const web::HttpRequest& request) {
               base::MetricsPage page = metrics.Answer(request.header("accept"));
               return web::HttpResponse{200, std::move(page.content_type), std::move(page.body)};
             }},
            {"/healthz",
             [] {
               return web::HttpResponse{200, "text/plain", "ok\n"};
             }},
            {"/readyz", [this] {
               return IsReady() ? web::HttpResponse{200, "text/plain", "ok\n"}
                                : web::HttpResponse{503, "text/plain", "not ready\n"};
             }}};
  }

  std::map<std::string, web::Route> LiveRoutes() {
    auto out = fan_in->Routes();
    out.merge(web::PageRoutes());
    return out;
  }

  Status ServeApi() {
    ApiSiteOptions site = options.api;
    site.api.versions = [this](const observe::User& user, const apiserver::TellVersions& tell) {
      fan_in->TellVersions(TRAFFICTAP_VERSION, user, tell);
    };
    auto started = ApiSite::Start(site, clock, std::move(own));
    if (!started.ok()) {
      fan_in = nullptr;  // it went with the site
      return started.status();
    }
    api = *std::move(started);
    return StartHttp(OwnRoutes());
  }

  Status StartHttp(std::map<std::string, web::Route> routes) {
    web::HttpServerOptions server = options.http;
    server.request_bytes_max = kRequestBytesMax;
    auto started = web::HttpServer::Start(server, std::move(routes));
    if (!started.ok()) return started.status();
    http = *std::move(started);
    return absl::OkStatus();
  }

  Status ServeStandalone() {
    TT_RETURN_IF_ERROR(LiveSite::Check(options.live));
    if (!LiveSite::Wanted(options.live, options.http.address)) {
      return absl::InvalidArgumentError(
          "--role reader has nowhere to serve live records: set --live to an address on this "
          "machine");
    }
    auto routes = OwnRoutes();
    if (options.live.address.empty()) {
      routes.merge(LiveRoutes());
    } else {
      web::HttpServerOptions site = options.http;
      site.request_bytes_max = kRequestBytesMax;
      site.address = options.live.address;
      auto started = web::HttpServer::Start(site, LiveRoutes());
      if (!started.ok()) return started.status();
      live = *std::move(started);
    }
    return StartHttp(std::move(routes));
  }

  Status MakePairers() {
    auto tls = ReadPairersTls(options.role.pairers_tls);
    if (!tls.ok()) return tls.status();
    fanin::ExpectPairers expect;
    if (!options.role.pairers_stateful_set.key.name.empty()) {
      auto connected = ConnectToApiServer(options.api.kubeconfig, clock);
      if (!connected.ok()) return connected.status();
      kube = *std::move(connected);
      expect = [client = kube.get(), &of = options.role.pairers_stateful_set] {
        return fanin::ReadExpectedPairers(client, of);
      };
    }
    pairers = std::make_unique<fanin::PairerDirectory>(options.role.pairers, &fanin::ResolveByDns,
                                                       fanin::ConnectOverHttp(*std::move(tls)),
                                                       clock, std::move(expect));
    return absl::OkStatus();
  }

  Status Start() {
    TT_RETURN_IF_ERROR(MakePairers());
    own = std::make_unique<fanin::FanIn>(fanin::FanInOptions{}, pairers.get(), clock);
    fan_in = own.get();
    metrics.Register([this](base::MetricWriter& writer) {
      fan_in->WriteMetrics(writer);
      if (api) api->WriteMetrics(writer);
      writer.Gauge("traffictap_build_info", "Always 1.", {{"version", TRAFFICTAP_VERSION}}, 1);
    });
    TT_RETURN_IF_ERROR(options.api.api.address.empty() ? ServeStandalone() : ServeApi());
    pairers->Start();
    ready = true;
    return absl::OkStatus();
  }

  // Streams end, then the servers: those take the last answers. A scrape asks the others.
  ~State() {
    if (fan_in != nullptr) fan_in->Stop();
    live = nullptr;
    http = nullptr;
    api = nullptr;
  }
};

Reader::Reader() : state_(std::make_unique<State>()) {}

StatusOr<std::unique_ptr<Reader>> Reader::Start(const Options& options) {
  std::unique_ptr<Reader> out(new Reader);
  out->state_->options = options;
  TT_RETURN_IF_ERROR(out->state_->Start());
  if (!out->state_->api) {
    log::For("live").info("live stream and web page ready port={}", out->live_port());
  }
  log::For("collector").info("reader ready http_port={}", out->http_port());
  return out;
}

Reader::~Reader() = default;

void Reader::Stop() {
  state_->ready = false;
  state_->fan_in->Stop();
  log::For("collector").info("reader stopped");
}

int Reader::http_port() const { return state_->http->port(); }

int Reader::live_port() const { return state_->live ? state_->live->port() : state_->http->port(); }

}  // namespace traffictap::collector
