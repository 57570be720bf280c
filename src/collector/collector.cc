// SPDX-License-Identifier: Apache-2.0
#include "collector/collector.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>

#include "als/paced_clock.h"
#include "base/log.h"
#include "base/process_clock.h"
#include "collector/api_site.h"
#include "collector/live_site.h"
#include "collector/pairer_taps.h"
#include "collector/record_files.h"
#include "collector/role_parts.h"
#include "collector/tap_source.h"
#include "fmt/format.h"
#include "tap/tap_directory.h"

namespace traffictap::collector {
namespace {

constexpr base::Nanos kReadersWait = base::kSecond;
constexpr base::Nanos kLastReportWait = base::kSecond;
// Shorter ages than this move streams sooner than the operator has learned what came of it.
constexpr base::Nanos kPacedAgeMin = 300 * base::kSecond;

}  // namespace

// Members are built downward and destroyed upward: whoever delivers to another stands below it.
struct Collector::State {
  Options options;
  // Outlives this: a writer that hangs at the end may come back and ask what time it is.
  const base::Clock* const clock = base::ProcessClock();
  base::MetricsRegistry metrics;
  std::atomic<bool> ready{false};
  std::atomic<bool> stopping{false};
  TapSourceState tap_source_state;
  std::atomic<uint64_t> tap_faults{0};
  std::unique_ptr<observe::LiveHub> hub;  // null: nobody can read live
  std::unique_ptr<LiveSite> live;
  std::unique_ptr<ApiSite> api;
  pipeline::RecordLeases leases;          // of a pairer
  std::unique_ptr<roles::RoleWork> role;  // null: it joins what it receives
  std::unique_ptr<pipeline::Pipeline> pipeline;
  std::unique_ptr<PairerTaps> pairer_taps;  // null: it is no pairer
  std::unique_ptr<web::HttpServer> http;
  als::ZoneTable zones;  // the operator's; empty where taps come from files
  // By which streams grow old; the operator sets its pace.
  als::PacedClock ages{clock};
  std::unique_ptr<als::AlsServer> als;
  std::unique_ptr<tap::TapDirectory> taps;
  std::unique_ptr<TapSource> tap_source;

  const RoleTraits& traits() const { return TraitsOf(options.role.role); }

  // Empty where the operator has no say in how fast streams grow old.
  std::function<void(double)> TakesPace() {
    const base::Nanos age = options.als.stream_age_max;
    if (options.role.role != Role::kReceiver || age < kPacedAgeMin) return {};
    return [this](double pace) { ages.SetPace(pace); };
  }

  std::vector<pipeline::TapFault> SetTaps(const std::vector<tap::TapSpecPtr>& specs) {
    return pairer_taps ? pairer_taps->Set(specs) : PutInForce(specs);
  }

  std::vector<pipeline::TapFault> PutInForce(const std::vector<tap::TapSpecPtr>& specs) {
    if (stopping) return {};
    auto faults = pipeline->SetTaps(traits().pairs ? specs : WithoutOutputs(specs));
    if (!hub) return faults;
    std::vector<std::string> taps;
    for (const auto& tap : pipeline->Taps()) taps.push_back(tap->key());
    hub->SetTaps(taps);
    return faults;
  }

  ~State() {
    CloseLive();
    api = nullptr;  // before the pipeline, whose state it shows
  }

  // Readers end after the last record.
  void CloseLive() {
    if (hub) hub->Close(kReadersWait);
    if (live) live->Close();
  }

  void Apply(const tap::TapDirectory::Snapshot& snapshot) {
    uint64_t faults = snapshot.errors.size();
    for (const auto& error : snapshot.errors) {
      log::For("taps").error("tap file refused, its last valid version stays active err=\"{}\"",
                             error.ToString());
    }
    for (const auto& fault : SetTaps(snapshot.taps)) {
      ++faults;
      log::For("taps").error("tap refused tap={} err=\"{}\"", fault.tap, Message(fault.status));
    }
    tap_faults = faults;
    log::For("taps").info("active taps count={} faults={}", snapshot.taps.size(), faults);
  }

  void WriteMetrics(base::MetricWriter& writer) {
    pipeline->WriteMetrics(writer);
    if (role) role->WriteMetrics(writer);
    writer.Gauge("traffictap_tap_faults", "Errors in the tap files; see the log.", {}, tap_faults);
    if (options.taps_dir.empty()) {
      writer.Gauge("traffictap_operator_connected", "1 while connected to the operator.", {},
                   tap_source_state.connected);
    }
    if (options.role.role == Role::kReceiver) {
      writer.Gauge("traffictap_als_stream_pace",
                   "How fast streams of proxies age here: 1 (as --als-stream-max-age says) in a "
                   "receiver that "
                   "receives a quarter more than the mean or without an operator, less in others.",
                   {}, ages.pace());
    }
    if (api) api->WriteMetrics(writer);
    writer.Gauge("traffictap_build_info", "Always 1.", {{"version", TRAFFICTAP_VERSION}}, 1);
  }

  Status StartHttp() {
    std::map<std::string, web::Route> routes = {
        {"/metrics",
         [this](const web::HttpRequest& request) {
           base::MetricsPage page = metrics.Answer(request.header("accept"));
           return web::HttpResponse{200, std::move(page.content_type), std::move(page.body)};
         }},
        {"/healthz",
         [this] {
           return IsHealthy() ? web::HttpResponse{200, "text/plain", "ok\n"}
                              : web::HttpResponse{503, "text/plain", "the pipeline stands still\n"};
         }},
        {"/readyz", [this] {
           const Status readiness = Readiness();
           return readiness.ok() ? web::HttpResponse{200, "text/plain", "ok\n"}
                                 : web::HttpResponse{503, "text/plain",
                                                     fmt::format("{}\n", Message(readiness))};
         }}};
    routes.merge(live->SharedRoutes());
    auto started = web::HttpServer::Start(options.http, std::move(routes));
    if (!started.ok()) return started.status();
    http = *std::move(started);
    return live->Start(http->port());
  }

  // Taps before streams: what comes first is tapped already.
  Status LoadTaps() {
    if (options.taps_dir.empty()) {
      auto started = TapSource::Start(options.tap_source,
                                      {[this](const auto& specs) { return SetTaps(specs); },
                                       [this] { return pipeline->Snapshot(); },
                                       [this](auto of_nodes) { zones.Set(std::move(of_nodes)); },
                                       options.pipeline.leases, TakesPace()},
                                      &tap_source_state);
      if (!started.ok()) return started.status();
      tap_source = *std::move(started);
      return absl::OkStatus();
    }
    auto opened = tap::TapDirectory::Open(options.taps_dir);
    if (!opened.ok()) return opened.status();
    Apply((*opened)->Load());
    taps = *std::move(opened);
    return absl::OkStatus();
  }

  // While it starts or stops, the pairing threads may rightly do nothing.
  bool IsHealthy() const {
    return !ready || clock->Monotonic() - pipeline->last_turn() <= options.stall_max;
  }

  // Ok, or why not.
  Status Readiness() const {
    if (!ready || (options.taps_dir.empty() && !tap_source_state.has_snapshot)) {
      return absl::UnavailableError("not ready");
    }
    return role ? role->readiness() : absl::OkStatus();
  }

  void StartPairerTaps() {
    pairer_taps = std::make_unique<PairerTaps>(
        PairerTaps::Hooks{[this](const auto& specs) { return PutInForce(specs); },
                          [this] { return pipeline->Taps(); },
                          [this] { return role->read_until(); }},
        clock);
    pairer_taps->Start();
  }

  web::DumpApi::Dump Dump() {
    return [this](const web::DumpWish& wish) {
      return pipeline->RequestDump(wish.tap, {wish.trigger, wish.before, wish.after});
    };
  }

  std::shared_ptr<const web::FileStore> Files() {
    return std::make_shared<RecordFiles>(options.tap_source.collector, options.pipeline.output_dir,
                                         [this] { return pipeline->Taps(); });
  }

  Status CreateLive() {
    if (!options.api.api.address.empty() || LiveSite::Wanted(options.live, options.http.address)) {
      observe::LiveHubOptions limits;
      limits.bytes_max = options.live.backlog_bytes_max;
      limits.tap_bytes_max = std::min(limits.tap_bytes_max, limits.bytes_max);
      hub = std::make_unique<observe::LiveHub>(limits, clock);
    }
    auto made = LiveSite::Create(
        options.live, options.http.address, hub.get(), clock,
        [this] { return pipeline->Snapshot(); }, Dump(), Files());
    if (!made.ok()) return made.status();
    live = *std::move(made);
    return absl::OkStatus();
  }

  Status StartApi() {
    if (options.api.api.address.empty()) return absl::OkStatus();
    ApiSiteOptions site = options.api;
    site.api.versions = [this](const observe::User&, const apiserver::TellVersions& tell) {
      tell({TRAFFICTAP_VERSION, tap_source_state.operator_version()});
    };
    auto started = ApiSite::Start(
        site, hub.get(), clock, [this] { return pipeline->Snapshot(); }, Dump(), Files());
    if (!started.ok()) return started.status();
    api = *std::move(started);
    return absl::OkStatus();
  }

  Status Start() {
    TT_RETURN_IF_ERROR(CreateLive());
    role = MakeRoleWork(options, clock, [this] { return pipeline->Snapshot(); });
    options.pipeline.detour = role.get();
    if (role) options.pipeline.transaction = role->transaction();
    const bool pairer = traits().shuffles && traits().pairs;
    if (pairer) options.pipeline.leases = &leases;
    pipeline = std::make_unique<pipeline::Pipeline>(options.pipeline, clock, hub.get());
    if (pairer) StartPairerTaps();
    metrics.Register([this](base::MetricWriter& writer) { WriteMetrics(writer); });
    TT_RETURN_IF_ERROR(StartApi());
    TT_RETURN_IF_ERROR(StartHttp());
    TT_RETURN_IF_ERROR(LoadTaps());
    if (traits().receives) {
      auto served =
          als::AlsServer::Start(options.als, pipeline->consumer(), &metrics, &zones, &ages);
      if (!served.ok()) return served.status();
      als = *std::move(served);
    }
    if (taps) taps->Watch([this](const tap::TapDirectory::Snapshot& snapshot) { Apply(snapshot); });
    ready = true;
    return absl::OkStatus();
  }
};

Collector::Collector() : state_(std::make_unique<State>()) {}

StatusOr<std::unique_ptr<Collector>> Collector::Start(const Options& options) {
  std::unique_ptr<Collector> out(new Collector);
  out->state_->options = options;
  TT_RETURN_IF_ERROR(out->state_->Start());
  log::For("collector")
      .info("collector ready als_port={} http_port={}", out->als_port(), out->http_port());
  return out;
}

// A scrape asks the others: none may come while they go. Who copies files answers by that server.
Collector::~Collector() {
  if (state_->live) state_->live->Close();
  state_->http.reset();
}

void Collector::Stop() {
  State& state = *state_;
  state.ready = false;
  // First, for the proxies hold what they have not sent yet: nothing of ours may keep them waiting. A receiver is one
  // of several: once the mesh has heard that it is not ready, each stream moves right after a message.
  const bool moves = state.als && state.options.role.role == Role::kReceiver;
  if (moves) std::this_thread::sleep_for(std::chrono::nanoseconds(state.options.unready_wait));
  if (state.als) state.als->Stop(state.options.read_on, moves);
  state.stopping = true;
  state.taps.reset();  // no reload from here on
  state.pipeline->Stop(state.options.close_wait);
  // After the outputs, so that it has what they could not get rid of.
  if (state.tap_source && !state.tap_source->Finish(kLastReportWait)) {
    log::For("collector")
        .warn("the operator has no last report: its counts may be some seconds old");
  }
  state.tap_source.reset();
  state.CloseLive();
  log::For("collector").info("collector stopped");
}

int Collector::als_port() const { return state_->als ? state_->als->port() : 0; }
int Collector::http_port() const { return state_->http->port(); }

}  // namespace traffictap::collector
