// SPDX-License-Identifier: Apache-2.0
#include "operator/leader.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/log.h"

namespace traffictap::op {
namespace {

constexpr base::Nanos kMeshDelayMin = 100 * base::kMillisecond;
constexpr base::Nanos kMeshDelayMax = base::kSecond;
constexpr base::Nanos kMeshDelayPerTap = base::kMillisecond;
// Repairs what no watch told.
constexpr base::Nanos kFullCompare = 10 * 60 * base::kSecond;
constexpr base::Nanos kCountsInterval = 10 * base::kSecond;
constexpr base::Nanos kCountsShare = 4;  // of the writes that we may make
constexpr base::Nanos kReportDelayMin = 10 * base::kMillisecond;
constexpr base::Nanos kReportDelayMax = base::kSecond;
constexpr base::Nanos kReportDelayPerTap = 20 * base::kMicrosecond;  // of each collector
// How long a fresh operator waits for collectors and istiod before it says that they are absent: a
// collector dials again within 10 s.
constexpr base::Nanos kSettling = 20 * base::kSecond;
// How long patches wait for the receivers and pairers to have the taps.
constexpr base::Nanos kTapsPatience = 5 * base::kSecond;
// How long they wait for istiod to say what it has pushed.
constexpr base::Nanos kPushesPatience = base::kSecond;
constexpr base::Nanos kSyncPatience = 30 * base::kSecond;    // before it is told
constexpr base::Nanos kSyncStep = 500 * base::kMillisecond;  // then a stop is noticed
const kube::ObjectKey kMesh{"", "mesh"};

}  // namespace

void ReconcileQueues::MeshChanged(size_t taps) { mesh.AddAfter(kMesh, MeshDelay(taps)); }

base::Nanos MeshDelay(size_t taps) {
  return std::clamp(static_cast<base::Nanos>(taps) * kMeshDelayPerTap, kMeshDelayMin,
                    kMeshDelayMax);
}

base::Nanos CountsInterval(size_t taps, int writes_per_second) {
  const base::Nanos all = static_cast<base::Nanos>(taps) * kCountsShare * base::kSecond;
  return std::max(kCountsInterval, all / writes_per_second);
}

base::Nanos ReportDelay(size_t taps, size_t collectors) {
  const base::Nanos delay = static_cast<base::Nanos>(taps * collectors) * kReportDelayPerTap;
  return delay < kReportDelayMin ? 0 : std::min(delay, kReportDelayMax);
}

Leader::Leader(const Options& options, MeshWatch* watch, ReconcileQueues* queues,
               reconcilers::PlanBoard* board, const base::Clock* clock)
    : options_(options), watch_(watch), queues_(queues), board_(board), clock_(clock) {}

Status Leader::TryListening() {
  TT_RETURN_IF_ERROR(Listen());
  Serve(nullptr);
  return absl::OkStatus();
}

void Leader::Run(const std::stop_token& stop, const Work& work) {
  if (!WaitForLists(stop)) return;
  started_ = clock_->Monotonic();
  if (const Status listening = Listen(); !listening.ok()) {
    log::For("operator").error("collectors get no taps err=\"{}\"", Message(listening));
  }
  peers_.Clear();
  queues_->mesh.Add(kMesh);
  leading_ = true;
  const auto serving = server();
  log::For("operator")
      .info("leads discovery_port={} taps={}", serving ? serving->port() : 0, watch_->tap_count());
  {
    const auto poller = StartPoller();
    std::jthread taps([&](const std::stop_token& own) { work.taps->Run(own); });
    std::jthread api([&](const std::stop_token& own) { work.api_guard->Run(own); });
    work.mesh->Run(stop);
    leading_ = false;
  }
  Serve(nullptr);
}

Status Leader::Listen() {
  discovery::DiscoveryServerOptions options = options_.discovery;
  options.operator_version = TRAFFICTAP_VERSION;
  auto started = discovery::DiscoveryServer::Start(options, [this] { Reported(); });
  if (!started.ok()) return started.status();
  Serve(*std::move(started));
  return absl::OkStatus();
}

void Leader::Serve(std::shared_ptr<discovery::DiscoveryServer> next) {
  {
    absl::MutexLock lock(&mutex_);
    server_.swap(next);
  }
  // Not where the last one lets go of it: that may be Reported, and its destructor would wait for
  // Reported to return.
  if (next) next->Stop();
}

std::shared_ptr<discovery::DiscoveryServer> Leader::server() const {
  absl::MutexLock lock(&mutex_);
  return server_;
}

// Nothing may be decided on half a view of the world: patches would go and come again.
bool Leader::WaitForLists(const std::stop_token& stop) const {
  std::string missing;
  base::Nanos told = clock_->Monotonic();
  while (!stop.stop_requested()) {
    if (watch_->WaitForSync(kSyncStep, &missing)) return !stop.stop_requested();
    if (clock_->Monotonic() - told < kSyncPatience) continue;
    told = clock_->Monotonic();
    log::For("operator").warn("waiting for the initial sync missing=\"{}\"", missing);
  }
  return false;
}

reconcilers::Reports Leader::Reports() const {
  const auto serving = server();
  return serving ? serving->Reports() : reconcilers::Reports();
}

reconcilers::Reports Leader::AllReports() const {
  const auto serving = server();
  if (!serving) return {};
  auto out = serving->Reports();
  for (auto& report : serving->FinalReports()) out.push_back(std::move(report));
  return out;
}

void Leader::SetTaps(const std::vector<plan::CompiledTap>& taps) {
  const auto serving = server();
  if (!serving) return;
  serving->SetTaps(taps, watch_->NodeZones());
  serving->AwaitTaken(kTapsPatience);
}

void Leader::SetLimits(const std::vector<leases::TapLimit>& limits) const {
  if (const auto serving = server()) serving->SetLimits(limits);
}

std::optional<leases::GrantedRecords> Leader::PlanLeases(const std::string& uid,
                                                         uint64_t records) const {
  const auto serving = server();
  return serving ? serving->PlanLeases(uid, records) : std::nullopt;
}

void Leader::LeasesWritten(const std::string& uid, const leases::GrantedRecords& granted) const {
  if (const auto serving = server()) serving->LeasesWritten(uid, granted);
}

bool Leader::RecordsEnd(const std::string& uid, uint64_t records) const {
  const auto serving = server();
  return serving && serving->RecordsEnd(uid, records);
}

plan::MeshSettings Leader::Settings() const {
  plan::MeshSettings settings = watch_->Settings();
  settings.patch_grace = options_.patch_grace;
  if (!options_.standing_namespaces.empty()) {
    settings.standing = tap::LabelSelector{options_.standing_namespaces, {}};
  }
  settings.standing_request_headers = options_.standing_request_headers;
  settings.standing_response_headers = options_.standing_response_headers;
  settings.standing_open_streams = options_.standing_open_streams;
  absl::MutexLock lock(&mutex_);
  settings.istio_version = istio_version_;
  return settings;
}

istiod::PushVersions Leader::Pushes() const {
  if (board_->IsSilent()) return {};
  istiod::SynczOptions options = options_.istiod;
  options.timeout = kPushesPatience;
  const auto proxies = istiod::FetchSyncz(watch_->IstiodAddresses(), options);
  return proxies.ok() ? istiod::NewestPushes(*proxies) : istiod::PushVersions();
}

bool Leader::Settling() const {
  if (clock_->Monotonic() - started_ > kSettling) return false;
  return Reports().empty() || !asked_istiod_;
}

void Leader::PlanChanged() {
  QueueEveryTap();
  queues_->mesh.AddAfter(kMesh, kFullCompare);
}

void Leader::QueueEveryTap(base::Nanos delay) {
  for (const auto& tap : watch_->Taps()) queues_->taps.AddAfter(tap->key(), delay);
}

// Counts may have brought a tap to its limit, and its targets may talk to somebody new. Only what is new
// is looked at: 512 collectors report a hundred times a second.
void Leader::Reported() {
  if (!leading_) return;
  const auto serving = server();
  if (!serving) return;
  QueueEveryTap(ReportDelay(watch_->tap_count(), serving->collectors()));
  const auto reports = serving->TakeNewReports();
  if (peers_.Note(reports)) MeshChanged();
  if (serving->NewlyUsedUp()) return MeshChanged();
  for (const auto& report : reports) {
    for (const auto& tap : report->taps()) {
      if (tap.completed()) return MeshChanged();
    }
  }
}

void Leader::AnsweredByIstiod(const std::string& version) {
  asked_istiod_ = true;
  bool fresh = false;
  {
    absl::MutexLock lock(&mutex_);
    fresh = version != istio_version_;
    istio_version_ = version;
  }
  if (fresh) {
    log::For("operator").info("found istio version={}", version);
    MeshChanged();
  }
  QueueEveryTap();
}

std::unique_ptr<ProxyPoller> Leader::StartPoller() {
  return std::make_unique<ProxyPoller>(
      options_.istiod, [this] { return watch_->IstiodAddresses(); },
      [this](const std::string& version) { AnsweredByIstiod(version); }, board_, clock_);
}

}  // namespace traffictap::op
