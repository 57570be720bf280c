// SPDX-License-Identifier: Apache-2.0
#include "operator/operator.h"

#include <unistd.h>

#include <atomic>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "fmt/format.h"
#include "operator/connect.h"
#include "operator/controller/event_recorder.h"
#include "operator/controller/leader_election.h"
#include "operator/leader.h"
#include "operator/liveness.h"
#include "operator/reconcilers/mesh_reconciler.h"
#include "operator/reconcilers/tap_reconciler.h"
#include "operator/uninstall.h"

namespace traffictap::op {
namespace {

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

}  // namespace

// Members are built downward and destroyed upward: whoever calls another stands below it.
struct Operator::State {
  explicit State(Options given) : options(std::move(given)) {}

  const Options options;
  std::atomic<bool> ends{false};
  base::SystemClock clock;
  base::MetricsRegistry metrics;
  std::unique_ptr<kube::HttpKubeClient> kube;
  reconcilers::PlanBoard board;
  ReconcileQueues queues{&clock};
  std::unique_ptr<controller::EventRecorder> events;
  std::unique_ptr<controller::LeaderElector> elector;
  std::unique_ptr<ApiGuard> api_guard;
  std::unique_ptr<MeshWatch> watch;
  std::unique_ptr<Leader> leader;
  std::unique_ptr<reconcilers::MeshReconciler> mesh_reconciler;
  std::unique_ptr<reconcilers::TapReconciler> tap_reconciler;
  std::unique_ptr<controller::Controller> mesh_controller;
  std::unique_ptr<controller::Controller> tap_controller;
  std::unique_ptr<web::HttpServer> http;
  std::vector<std::jthread> threads;

  reconcilers::MeshPorts MeshPorts() {
    reconcilers::MeshPorts out;
    out.objects = [this] { return watch->Objects(); };
    out.settings = [this] { return leader->Settings(); };
    out.reports = [this] { return leader->AllReports(); };
    out.set_taps = [this](const auto& set) { leader->SetTaps(set); };
    out.set_limits = [this](const auto& limits) { leader->SetLimits(limits); };
    out.records_end = [this](const std::string& uid, uint64_t records) {
      return leader->RecordsEnd(uid, records);
    };
    out.plan_changed = [this] { leader->PlanChanged(); };
    out.announce_drain = [this](const kube::Object& object, const std::string& message) {
      events->Record(object,
                     {controller::EventText::Type::kNormal, "ConnectionsDrain", "Attach", message});
    };
    out.announce_fault = [this](const kube::Object& object, const std::string& reason,
                                const std::string& message) {
      events->Record(object, {controller::EventText::Type::kWarning, reason, "Attach", message});
    };
    out.next_step = [this] { mesh_controller->NextStep(); };
    out.pushes = [this] { return leader->Pushes(); };
    out.leads = [this] { return !ends && (!options.leader_election || elector->leading()); };
    out.kube = kube.get();
    out.board = &board;
    out.peers = leader->peers();
    out.clock = &clock;
    return out;
  }

  reconcilers::TapPorts TapPorts() {
    reconcilers::TapPorts out;
    out.tap = [this](const kube::ObjectKey& key) { return watch->Tap(key); };
    out.reports = [this] { return leader->AllReports(); };
    out.plan_leases = [this](const std::string& uid, uint64_t records) {
      return leader->PlanLeases(uid, records);
    };
    out.leases_written = [this](const std::string& uid, const leases::GrantedRecords& granted) {
      leader->LeasesWritten(uid, granted);
    };
    out.counts_interval = [this] {
      return CountsInterval(watch->tap_count(), options.api_writes_per_second);
    };
    out.settling = [this] { return leader->Settling(); };
    out.announce = [this](const kube::Object& object, const plan::Condition& condition) {
      events->Record(object, EventOf(condition));
      log::For("taps").info("tap changed tap={} ready={} message=\"{}\"", object.key().ToString(),
                            condition.reason, condition.message);
    };
    out.announce_dump = [this](const kube::Object& object, bool warning,
                               const std::string& message) {
      using Type = controller::EventText::Type;
      events->Record(object,
                     {warning ? Type::kWarning : Type::kNormal, "Dumped", "Record", message});
    };
    out.kube = kube.get();
    out.board = &board;
    out.clock = &clock;
    return out;
  }

  void BuildControllers() {
    mesh_reconciler =
        std::make_unique<reconcilers::MeshReconciler>(options.installation, MeshPorts());
    tap_reconciler = std::make_unique<reconcilers::TapReconciler>(TapPorts());
    mesh_controller = std::make_unique<controller::Controller>(
        controller::ControllerOptions{"mesh", 1}, mesh_reconciler.get(), &queues.mesh, &clock);
    tap_controller = std::make_unique<controller::Controller>(
        controller::ControllerOptions{"taps", 2}, tap_reconciler.get(), &queues.taps, &clock);
  }

  std::vector<controller::Loop> Loops() const {
    auto out = watch->Loops();
    out.push_back(elector->loop());
    out.push_back(mesh_controller->SlowestWorker());
    out.push_back(tap_controller->SlowestWorker());
    return out;
  }

  Status StartHttp() {
    const auto text = [](int code, const char* body) {
      return web::HttpResponse{code, "text/plain", body};
    };
    auto started = web::HttpServer::Start(
        options.http,
        {{"/metrics",
          [this] {
            return web::HttpResponse{200, "text/plain; version=0.0.4", metrics.Render()};
          }},
         {"/healthz", [this] { return Liveness(Loops(), options.step_max); }},
         {"/readyz", [this, text] {
            // A replica that waits to lead is as it should be.
            std::string missing;
            return watch->WaitForSync(0, &missing) ? text(200, "ok\n") : text(503, "not ready\n");
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
    writer.Gauge("traffictap_operator_collectors", "Connected collectors.", {},
                 leader->Reports().size());
    writer.Gauge("traffictap_build_info", "Always 1.", {{"version", TRAFFICTAP_VERSION}}, 1);
  }

  void Lead(const std::stop_token& stop) {
    leader->Run(stop, {mesh_controller.get(), tap_controller.get(), api_guard.get()});
  }

  Status Start() {
    auto connected = Connect(options, &clock);
    if (!connected.ok()) return connected.status();
    kube = *std::move(connected);
    events = std::make_unique<controller::EventRecorder>(
        kube.get(), controller::EventRecorderOptions{"traffictap-operator", Identity()}, &clock);
    elector = std::make_unique<controller::LeaderElector>(
        kube.get(),
        controller::LeaderElectionOptions{options.installation.ns, mesh::kLease, Identity()},
        &clock);
    api_guard = std::make_unique<ApiGuard>(options.api_remove_after, kube.get(), &clock);
    watch = std::make_unique<MeshWatch>(
        kube.get(), options.installation, &clock,
        MeshWatch::Hooks{[this] { queues.MeshChanged(watch->tap_count()); },
                         [this](const kube::ObjectKey& key) { queues.taps.Add(key); }});
    leader = std::make_unique<Leader>(options, watch.get(), &queues, &board, &clock);
    BuildControllers();
    // To fail at once.
    TT_RETURN_IF_ERROR(leader->TryListening());
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

Operator::Operator(const Options& options) : state_(std::make_unique<State>(options)) {}

Operator::~Operator() {
  State& state = *state_;
  state.ends = true;
  for (auto& thread : state.threads) thread.request_stop();
  state.threads.clear();
  state.http.reset();
  state.watch.reset();
}

StatusOr<std::unique_ptr<Operator>> Operator::Start(const Options& options) {
  std::unique_ptr<Operator> out(new Operator(options));
  TT_RETURN_IF_ERROR(out->state_->Start());
  log::For("operator").info("operator started http_port={}", out->http_port());
  return out;
}

int Operator::http_port() const { return state_->http->port(); }

}  // namespace traffictap::op
