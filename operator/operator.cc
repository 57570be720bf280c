// SPDX-License-Identifier: Apache-2.0
#include "operator/operator.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "base/log.h"
#include "base/metrics.h"
#include "fmt/format.h"
#include "kube/http_kube_client.h"
#include "kube/http_transport.h"
#include "operator/api_guard.h"
#include "operator/controller/controller.h"
#include "operator/controller/event_recorder.h"
#include "operator/controller/leader_election.h"
#include "operator/mesh_watch.h"
#include "operator/proxy_poller.h"
#include "operator/reconcilers/mesh_reconciler.h"
#include "operator/reconcilers/tap_reconciler.h"

namespace traffictap::op {
namespace {

// Changes come in bursts: a rollout changes many pods.
constexpr base::Nanos kMeshDelay = 100 * base::kMillisecond;
// Repairs what no watch told.
constexpr base::Nanos kFullCompare = 10 * 60 * base::kSecond;
constexpr base::Nanos kCountsInterval = 10 * base::kSecond;
// Writes of counts alone take at most a quarter of the API budget of 10 writes a second.
constexpr base::Nanos kCountsPerTap = 400 * base::kMillisecond;
// How long a fresh operator waits for collectors and istiod before it says that they are absent: a
// collector dials again within 10 s.
constexpr base::Nanos kSettling = 20 * base::kSecond;
constexpr base::Nanos kSyncPatience = 30 * base::kSecond;
const kube::ObjectKey kMesh{"", "mesh"};
constexpr base::Nanos kAskPatience = 10 * base::kSecond;
constexpr const char* kLease = "traffictap-operator";

StatusOr<std::unique_ptr<kube::HttpKubeClient>> Connect(const Options& options,
                                                        const base::Clock* clock) {
  auto access = kube::FindClusterAccess(options.kubeconfig);
  if (!access.ok()) return access.status();
  kube::HttpKubeClientOptions client;
  client.access = *std::move(access);
  client.user_agent = "traffictap-operator/" TRAFFICTAP_VERSION;
  return kube::HttpKubeClient::Make(std::move(client), clock);
}

// Unique per process, and for a person the pod's name.
std::string Identity() {
  char name[256] = {};
  if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0')
    return fmt::format("{}", getpid());
  return fmt::format("{}_{}", name, getpid());
}

controller::EventText EventOf(const plan::Condition& ready) {
  const bool bad = ready.status == plan::Condition::Value::kFalse;
  return {bad ? controller::EventText::Type::kWarning : controller::EventText::Type::kNormal,
          ready.reason, "Reconcile", ready.message};
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

}  // namespace

// Members are built downward and destroyed upward: whoever calls another stands below it.
struct Operator::State {
  Options options;
  base::SystemClock clock;
  base::MetricsRegistry metrics;
  std::atomic<bool> leading{false};
  std::atomic<bool> asked_istiod{false};
  std::atomic<base::Nanos> started{0};  // to lead; monotonic
  std::unique_ptr<kube::HttpKubeClient> kube;
  reconcilers::PlanBoard board;
  controller::WorkQueue mesh_queue{{}, &clock};
  controller::WorkQueue tap_queue{{}, &clock};
  std::unique_ptr<controller::EventRecorder> events;
  std::unique_ptr<controller::LeaderElector> elector;
  std::unique_ptr<ApiGuard> api_guard;
  std::unique_ptr<MeshWatch> watch;
  std::unique_ptr<reconcilers::MeshReconciler> mesh_reconciler;
  std::unique_ptr<reconcilers::TapReconciler> tap_reconciler;
  std::unique_ptr<controller::Controller> mesh_controller;
  std::unique_ptr<controller::Controller> tap_controller;
  std::unique_ptr<web::HttpServer> http;
  std::vector<std::jthread> threads;
  absl::Mutex mutex;
  // While this replica leads: a collector that meets another one is refused and dials again.
  std::shared_ptr<discovery::DiscoveryServer> server ABSL_GUARDED_BY(mutex);
  std::string istio_version ABSL_GUARDED_BY(mutex);

  std::shared_ptr<discovery::DiscoveryServer> Discovery() {
    absl::MutexLock lock(&mutex);
    return server;
  }
  void SetTaps(std::shared_ptr<discovery::DiscoveryServer> next) {
    absl::MutexLock lock(&mutex);
    server.swap(next);
  }
  void SetIstioVersion(const std::string& version) {
    {
      absl::MutexLock lock(&mutex);
      if (version == istio_version) return;
      istio_version = version;
    }
    log::For("operator").info("found istio version={}", version);
    MeshChanged();
  }
  plan::MeshSettings Settings() {
    plan::MeshSettings settings = watch->Settings();
    absl::MutexLock lock(&mutex);
    settings.istio_version = istio_version;
    settings.patch_grace = options.patch_grace;
    if (!options.standing_namespaces.empty()) {
      settings.standing = tap::LabelSelector{options.standing_namespaces, {}};
    }
    settings.standing_request_headers = options.standing_request_headers;
    settings.standing_response_headers = options.standing_response_headers;
    return settings;
  }
  std::vector<v1::CollectorReport> Reports() {
    const auto server = Discovery();
    return server ? server->Reports() : std::vector<v1::CollectorReport>();
  }
  // With those of instances that have ended.
  std::vector<v1::CollectorReport> AllReports() {
    const auto server = Discovery();
    if (!server) return {};
    auto out = server->Reports();
    for (auto& report : server->FinalReports()) out.push_back(std::move(report));
    return out;
  }

  void MeshChanged() { mesh_queue.AddAfter(kMesh, kMeshDelay); }

  void EveryTap() {
    for (const auto& tap : watch->Taps()) tap_queue.Add(tap->key());
  }

  // Counts may have brought a tap to its limit.
  void Reported() {
    if (!leading) return;
    EveryTap();
    for (const auto& report : Reports()) {
      for (const auto& tap : report.taps()) {
        if (tap.completed()) return MeshChanged();
      }
    }
  }

  bool Settling() {
    if (clock.Monotonic() - started > kSettling) return false;
    return Reports().empty() || !asked_istiod;
  }

  base::Nanos CountsInterval() const {
    const auto taps = static_cast<base::Nanos>(watch->tap_count());
    return std::max(kCountsInterval, taps * kCountsPerTap);
  }

  Status StartRoutes() {
    auto started = discovery::DiscoveryServer::Start(options.discovery, [this] { Reported(); });
    if (!started.ok()) return started.status();
    SetTaps(*std::move(started));
    return absl::OkStatus();
  }

  void BuildReconcilers() {
    reconcilers::MeshPorts mesh;
    mesh.objects = [this] { return watch->Objects(); };
    mesh.settings = [this] { return Settings(); };
    mesh.reports = [this] { return AllReports(); };
    mesh.set_taps = [this](const auto& set) {
      if (const auto server = Discovery()) server->SetTaps(set);
    };
    mesh.plan_changed = [this] {
      EveryTap();
      mesh_queue.AddAfter(kMesh, kFullCompare);
    };
    mesh.announce_drain = [this](const kube::Object& object, const std::string& message) {
      events->Record(object,
                     {controller::EventText::Type::kNormal, "ConnectionsDrain", "Attach", message});
    };
    mesh.announce_fault = [this](const kube::Object& object, const std::string& reason,
                                 const std::string& message) {
      events->Record(object, {controller::EventText::Type::kWarning, reason, "Attach", message});
    };
    mesh.kube = kube.get();
    mesh.board = &board;
    mesh.clock = &clock;
    mesh_reconciler =
        std::make_unique<reconcilers::MeshReconciler>(options.installation, std::move(mesh));
    reconcilers::TapPorts tap;
    tap.tap = [this](const kube::ObjectKey& key) { return watch->Tap(key); };
    tap.reports = [this] { return AllReports(); };
    tap.counts_interval = [this] { return CountsInterval(); };
    tap.settling = [this] { return Settling(); };
    tap.announce = [this](const kube::Object& object, const plan::Condition& condition) {
      events->Record(object, EventOf(condition));
      log::For("taps").info("tap changed tap={} ready={} message=\"{}\"", object.key().ToString(),
                            condition.reason, condition.message);
    };
    tap.kube = kube.get();
    tap.board = &board;
    tap.clock = &clock;
    tap_reconciler = std::make_unique<reconcilers::TapReconciler>(std::move(tap));
  }

  Status StartHttp() {
    auto started = web::HttpServer::Start(
        options.http,
        {{"/metrics",
          [this] {
            return web::HttpResponse{200, "text/plain; version=0.0.4", metrics.Render()};
          }},
         {"/healthz",
          [] {
            return web::HttpResponse{200, "text/plain", "ok\n"};
          }},
         {"/readyz", [this] {
            // A replica that waits to lead is as it should be.
            std::string missing;
            return watch->WaitForSync(0, &missing)
                       ? web::HttpResponse{200, "text/plain", "ok\n"}
                       : web::HttpResponse{503, "text/plain", "not ready\n"};
          }}});
    if (!started.ok()) return started.status();
    http = *std::move(started);
    return absl::OkStatus();
  }

  void WriteMetrics(base::MetricWriter& writer) {
    kube->WriteMetrics(writer);
    events->WriteMetrics(writer);
    elector->WriteMetrics(writer);
    api_guard->WriteMetrics(writer);
    watch->WriteMetrics(writer);
    mesh_controller->WriteMetrics(writer);
    tap_controller->WriteMetrics(writer);
    writer.Gauge("traffictap_operator_taps", "Existing taps.", {}, watch->tap_count());
    writer.Gauge("traffictap_operator_collectors", "Connected collectors.", {}, Reports().size());
    writer.Gauge("traffictap_build_info", "Always 1.", {{"version", TRAFFICTAP_VERSION}}, 1);
  }

  // Nothing may be decided on half a view of the world: patches would go and come again.
  bool WaitForLists(const std::stop_token& stop) {
    std::string missing;
    while (!watch->WaitForSync(kSyncPatience, &missing)) {
      log::For("operator").warn("waiting for the initial sync missing=\"{}\"", missing);
      if (stop.stop_requested()) return false;
    }
    return !stop.stop_requested();
  }

  std::unique_ptr<ProxyPoller> StartPoller() {
    return std::make_unique<ProxyPoller>(
        options.istiod, [this] { return watch->IstiodAddresses(); },
        [this](const std::string& version) {
          asked_istiod = true;
          SetIstioVersion(version);
          EveryTap();
        },
        &board, &clock);
  }

  // What the one operator that leads does, until it no longer does.
  void Lead(const std::stop_token& stop) {
    if (!WaitForLists(stop)) return;
    started = clock.Monotonic();
    if (const Status listening = StartRoutes(); !listening.ok()) {
      log::For("operator").error("collectors get no taps err=\"{}\"", Message(listening));
    }
    mesh_queue.Add(kMesh);
    leading = true;
    const auto server = Discovery();
    log::For("operator")
        .info("leads discovery_port={} taps={}", server ? server->port() : 0, watch->tap_count());
    {
      const auto poller = StartPoller();
      std::jthread taps([this](const std::stop_token& own) { tap_controller->Run(own); });
      std::jthread api([this](const std::stop_token& own) { api_guard->Run(own); });
      mesh_controller->Run(stop);
      leading = false;
    }
    SetTaps(nullptr);
  }

  Status Start() {
    auto connected = Connect(options, &clock);
    if (!connected.ok()) return connected.status();
    kube = *std::move(connected);
    // To fail at once where the address is taken or a file is missing.
    TT_RETURN_IF_ERROR(StartRoutes());
    SetTaps(nullptr);
    events = std::make_unique<controller::EventRecorder>(
        kube.get(), controller::EventRecorderOptions{"traffictap-operator", Identity()}, &clock);
    elector = std::make_unique<controller::LeaderElector>(
        kube.get(), controller::LeaderElectionOptions{options.installation.ns, kLease, Identity()},
        &clock);
    api_guard = std::make_unique<ApiGuard>(options.api_remove_after, kube.get(), &clock);
    watch = std::make_unique<MeshWatch>(
        kube.get(), options.installation, &clock,
        MeshWatch::Hooks{[this] { MeshChanged(); },
                         [this](const kube::ObjectKey& key) { tap_queue.Add(key); }});
    BuildReconcilers();
    mesh_controller = std::make_unique<controller::Controller>(
        controller::ControllerOptions{"mesh", 1}, mesh_reconciler.get(), &mesh_queue, &clock);
    tap_controller = std::make_unique<controller::Controller>(
        controller::ControllerOptions{"taps", 2}, tap_reconciler.get(), &tap_queue, &clock);
    metrics.Register([this](base::MetricWriter& writer) { WriteMetrics(writer); });
    TT_RETURN_IF_ERROR(StartHttp());
    watch->Start();
    threads.emplace_back([this](const std::stop_token& stop) { events->Run(stop); });
    threads.emplace_back([this](const std::stop_token& stop) {
      if (!options.leader_election) return Lead(stop);
      elector->Run(stop, [this](const std::stop_token& leading) { Lead(leading); });
    });
    return absl::OkStatus();
  }
};

Operator::Operator() : state_(std::make_unique<State>()) {}

Operator::~Operator() {
  State& state = *state_;
  for (auto& thread : state.threads) thread.request_stop();
  state.threads.clear();
  state.http.reset();
  state.watch.reset();
}

StatusOr<std::unique_ptr<Operator>> Operator::Start(const Options& options) {
  std::unique_ptr<Operator> out(new Operator);
  out->state_->options = options;
  TT_RETURN_IF_ERROR(out->state_->Start());
  log::For("operator").info("operator started http_port={}", out->http_port());
  return out;
}

int Operator::http_port() const { return state_->http->port(); }

StatusOr<int> Uninstall(const Options& options) {
  const base::SystemClock clock;
  auto kube = Connect(options, &clock);
  if (!kube.ok()) return kube.status();
  int removed = 0;
  for (const auto& resource : {kube::kEnvoyFilters, kube::kTelemetries}) {
    kube::ListOptions list;
    list.label_selector = fmt::format("{}={}", mesh::kManagedByLabel, mesh::kManagedByValue);
    std::vector<kube::ObjectKey> found;
    const auto listed = (*kube)->List(
        resource, list, [&](const kube::Object& object) { found.push_back(object.key()); });
    if (kube::IsNotFound(listed.status())) continue;  // no Istio here
    if (!listed.ok()) return listed.status();
    for (const auto& key : found) {
      const Status deleted = (*kube)->Delete(resource, key, {});
      if (!deleted.ok() && !kube::IsNotFound(deleted)) return deleted;
      ++removed;
    }
  }
  // Last, for it says nothing any more. Who may not remove it leaves a name behind.
  const Status lease = (*kube)->Delete(kube::kLeases, {options.installation.ns, kLease}, {});
  if (!lease.ok() && !kube::IsNotFound(lease) && !absl::IsPermissionDenied(lease)) return lease;
  return removed;
}

StatusOr<std::vector<Finding>> Check(const Options& options) {
  const base::SystemClock clock;
  auto kube = Connect(options, &clock);
  if (!kube.ok()) return kube.status();
  return CheckInstallation(options.installation, {kube->get(), Ask});
}

}  // namespace traffictap::op
