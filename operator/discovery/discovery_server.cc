// SPDX-License-Identifier: Apache-2.0
#include "operator/discovery/discovery_server.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "base/log.h"
#include "fmt/format.h"
#include "operator/discovery/lease_messages.h"
#include "operator/discovery/make_snapshot.h"
#include "operator/discovery/receiver_paces.h"
#include "operator/discovery/session.h"
#include "traffictap/v1/tap_discovery.grpc.pb.h"

namespace traffictap::discovery {
namespace {

constexpr int kReportBytesMax = 16 << 20;
constexpr int kKeepaliveMs = 20'000;
constexpr int kKeepaliveTimeoutMs = 5'000;
constexpr int kPingIntervalMinMs = 10'000;
// A status that was written since has the counts of those that went before.
constexpr size_t kFinalReportsMax = 8;

// Each tap is looked for in each report, again and again.
void SortTaps(v1::CollectorReport* report) {
  auto* taps = report->mutable_taps();
  std::sort(taps->pointer_begin(), taps->pointer_end(),
            [](const v1::TapReport* a, const v1::TapReport* b) { return a->tap() < b->tap(); });
}

}  // namespace

// All streams of a server, and what they share.
class DiscoveryHub final : public v1::TapDiscovery::CallbackService, public SessionOwner {
 public:
  DiscoveryHub(const DiscoveryServerOptions& options, std::function<void()> on_report)
      : collectors_max_(options.collectors_max),
        operator_version_(options.operator_version),
        clock_(options.clock),
        paces_streams_(options.paces_streams),
        on_report_(std::move(on_report)) {}

  grpc::ServerBidiReactor<v1::CollectorReport, v1::DiscoverySnapshot>* StreamTaps(
      grpc::CallbackServerContext*) override;

  void SetTaps(const std::vector<plan::CompiledTap>& taps, const NodeZones& zones);
  bool AwaitTaken(base::Nanos patience);
  void StopWaiting() {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  Offers offers() const override {
    absl::MutexLock lock(&mutex_);
    return {snapshot_, released_};
  }
  void OfferMore(Session* session) override {
    absl::MutexLock lock(&mutex_);
    SendLeases(session);
    SendPace(session);
  }
  // `act` is given the ledger of leases, and the time. Whoever is to hear of what it did to the tap is sent
  // it.
  template <typename Act>
  auto WithLedger(const std::string& uid, const Act& act) {
    absl::MutexLock lock(&mutex_);
    auto out = act(ledger_, clock_->Monotonic());
    if (!ledger_.Has(uid)) return out;
    for (const auto& [session, report] : reports_) {
      if (ledger_.IsDue(uid, report->instance())) SendLeases(session);
    }
    return out;
  }
  bool Join(Session* session) override;
  void Leave(Session* session) override;
  void Report(Session* session, v1::CollectorReport report) override;
  std::vector<ReportPtr> Reports() const;
  std::vector<ReportPtr> TakeNewReports();
  std::vector<ReportPtr> FinalReports() const;
  size_t collectors() const {
    absl::MutexLock lock(&mutex_);
    return reports_.size();
  }

  std::unique_ptr<grpc::Server> server;
  int port = 0;

 private:
  RolloutStage Stage() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<ReportPtr> Connected() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReleaseIfTaken() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Release() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SendLeases(Session* session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void HearLeases(Session* session, const v1::CollectorReport& report)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SendPace(Session* session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TellWhoIsConnected() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t collectors_max_;
  const std::string operator_version_;
  const base::Clock* const clock_;
  const bool paces_streams_;
  const std::function<void()> on_report_;
  std::atomic<uint64_t> session_count_{0};
  mutable absl::Mutex mutex_;
  SnapshotPtr snapshot_ ABSL_GUARDED_BY(mutex_);
  SnapshotPtr released_ ABSL_GUARDED_BY(mutex_);  // to receivers
  SnapshotPtr awaited_ ABSL_GUARDED_BY(mutex_);   // the last that AwaitTaken has waited for
  bool taken_ ABSL_GUARDED_BY(mutex_) = false;    // what came of it
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<Session*> sessions_ ABSL_GUARDED_BY(mutex_);
  // By session: a collector that dials again may meet its former stream still open.
  std::map<Session*, ReportPtr> reports_ ABSL_GUARDED_BY(mutex_);
  std::map<Session*, ReportPtr> new_ ABSL_GUARDED_BY(mutex_);  // those not taken yet
  std::deque<ReportPtr> finals_ ABSL_GUARDED_BY(mutex_);       // the oldest first
  leases::LeaseLedger ledger_ ABSL_GUARDED_BY(mutex_);
  ReceiverPaces paces_ ABSL_GUARDED_BY(mutex_);
  // By instance: the number of the newest session that told of its leases.
  std::map<std::string, uint64_t> newest_ ABSL_GUARDED_BY(mutex_);
};

grpc::ServerBidiReactor<v1::CollectorReport, v1::DiscoverySnapshot>* DiscoveryHub::StreamTaps(
    grpc::CallbackServerContext*) {
  return new Session(this, ++session_count_);
}

void DiscoveryHub::SetTaps(const std::vector<plan::CompiledTap>& taps, const NodeZones& zones) {
  auto next = MakeSnapshot(taps, zones, operator_version_);
  absl::MutexLock lock(&mutex_);
  if (snapshot_ && snapshot_->version() == next->version()) return;
  snapshot_ = std::move(next);
  // A session leaves under this lock before it goes, so those in the set are alive.
  for (Session* session : sessions_) session->Offer({snapshot_, released_});
  ReleaseIfTaken();
}

std::vector<ReportPtr> DiscoveryHub::Connected() const {
  std::vector<ReportPtr> out;
  for (const auto& [session, report] : reports_) out.push_back(report);
  return out;
}

// Of the newest snapshot, which has to be there.
RolloutStage DiscoveryHub::Stage() const { return StageOf(snapshot_->version(), Connected()); }

void DiscoveryHub::ReleaseIfTaken() {
  if (snapshot_ && released_ != snapshot_ && Stage() != RolloutStage::kPairers) Release();
}

void DiscoveryHub::Release() {
  released_ = snapshot_;
  for (Session* session : sessions_) session->Offer({snapshot_, released_});
}

bool DiscoveryHub::AwaitTaken(base::Nanos patience) {
  absl::MutexLock lock(&mutex_);
  const SnapshotPtr wanted = snapshot_;
  if (!wanted) return true;
  if (awaited_ == wanted) return taken_;
  const auto settled = [&] {
    mutex_.AssertHeld();
    return stopping_ || snapshot_ != wanted || Stage() == RolloutStage::kDone;
  };
  const bool taken =
      mutex_.AwaitWithTimeout(absl::Condition(&settled), absl::Nanoseconds(patience));
  if (snapshot_ != wanted) return true;
  awaited_ = wanted;
  taken_ = taken;
  if (taken) return true;
  log::For("discovery")
      .warn("taps not taken in time, proxies are patched all the same collectors=\"{}\"",
            Lagging(wanted->version(), Connected()));
  if (released_ != wanted) Release();
  return false;
}

void DiscoveryHub::SendLeases(Session* session) {
  const auto found = reports_.find(session);
  if (found == reports_.end() || !found->second->takes_leases()) return;
  const std::string& instance = found->second->instance();
  const auto due = ledger_.Due(instance);
  if (!due.empty() && session->Grant(due)) ledger_.Sent(instance, due);
}

void DiscoveryHub::HearLeases(Session* session, const v1::CollectorReport& report) {
  if (!report.takes_leases()) return;
  uint64_t& newest = newest_[report.instance()];
  // What still comes by a former stream is older than what is known.
  if (session->number() < newest) return;
  newest = session->number();
  ledger_.Hear(report.instance(), ReadLeases(report), session->HasAllGrants(report.lease_round()),
               report.final());
}

// Only to who says that it takes one: to a receiver of an older version it would be a snapshot without taps.
void DiscoveryHub::SendPace(Session* session) {
  const auto found = reports_.find(session);
  if (!paces_streams_ || found == reports_.end() || !found->second->has_load()) return;
  session->SetPace(paces_.PaceOf(found->second->instance()));
}

void DiscoveryHub::TellWhoIsConnected() {
  std::set<std::string> leasing, receiving;
  for (const auto& [session, report] : reports_) {
    if (report->takes_leases()) leasing.insert(report->instance());
    if (report->has_load()) receiving.insert(report->instance());
  }
  paces_.SetConnected(receiving);
  ledger_.SetConnected(std::move(leasing), clock_->Monotonic());
}

bool DiscoveryHub::Join(Session* session) {
  absl::MutexLock lock(&mutex_);
  if (sessions_.size() >= collectors_max_) return false;
  sessions_.insert(session);
  return true;
}

void DiscoveryHub::Leave(Session* session) {
  {
    absl::MutexLock lock(&mutex_);
    const auto found = reports_.find(session);
    if (found != reports_.end()) {
      log::For("discovery").info("collector left collector={}", found->second->collector());
      reports_.erase(found);
    }
    new_.erase(session);
    sessions_.erase(session);
    std::erase_if(newest_, [&](const auto& one) { return one.second == session->number(); });
    TellWhoIsConnected();
    ReleaseIfTaken();  // if it was the last one to wait for
  }
  on_report_();
}

void DiscoveryHub::Report(Session* session, v1::CollectorReport report) {
  SortTaps(&report);
  const auto shared = std::make_shared<const v1::CollectorReport>(std::move(report));
  {
    absl::MutexLock lock(&mutex_);
    if (shared->final()) {
      log::For("discovery").info("collector ends collector={}", shared->collector());
    } else if (!reports_.contains(session)) {
      log::For("discovery").info("collector joined collector={}", shared->collector());
    }
    HearLeases(session, *shared);
    if (shared->has_load()) {
      paces_.Hear(shared->instance(), shared->load().entries(), clock_->Monotonic());
    }
    // The newest stream of a collector is the one that counts.
    std::erase_if(reports_, [&](const auto& entry) {
      return entry.first != session && entry.second->collector() == shared->collector();
    });
    if (shared->final()) {
      // Kept whole rather than as a sum: whoever adds up must know whose counts it has already.
      std::erase_if(finals_,
                    [&](const auto& one) { return one->instance() == shared->instance(); });
      finals_.push_back(shared);
      if (finals_.size() > kFinalReportsMax) finals_.pop_front();
      reports_.erase(session);
    } else {
      reports_[session] = shared;
      new_[session] = shared;
    }
    TellWhoIsConnected();
    ReleaseIfTaken();
  }
  on_report_();
}

std::vector<ReportPtr> DiscoveryHub::Reports() const {
  std::map<std::string, ReportPtr> by_name;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [session, report] : reports_) by_name[report->collector()] = report;
  }
  std::vector<ReportPtr> out;
  for (auto& [name, report] : by_name) out.push_back(std::move(report));
  return out;
}

std::vector<ReportPtr> DiscoveryHub::TakeNewReports() {
  std::vector<ReportPtr> out;
  absl::MutexLock lock(&mutex_);
  for (auto& [session, report] : new_) out.push_back(std::move(report));
  new_.clear();
  return out;
}

std::vector<ReportPtr> DiscoveryHub::FinalReports() const {
  absl::MutexLock lock(&mutex_);
  return {finals_.begin(), finals_.end()};
}

DiscoveryServer::DiscoveryServer() = default;

StatusOr<std::unique_ptr<DiscoveryServer>> DiscoveryServer::Start(
    const DiscoveryServerOptions& options, std::function<void()> on_report) {
  auto credentials = rpc::ServerCredentials(options.tls);
  if (!credentials.ok()) return credentials.status();
  std::unique_ptr<DiscoveryServer> out(new DiscoveryServer);
  out->hub_ = std::make_unique<DiscoveryHub>(options, std::move(on_report));
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kReportBytesMax);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kPingIntervalMinMs);
  // Two operators on one port would each serve half of the collectors.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(options.address, *credentials, &out->hub_->port);
  builder.RegisterService(out->hub_.get());
  out->hub_->server = builder.BuildAndStart();
  if (!out->hub_->server || out->hub_->port == 0) {
    return absl::UnavailableError(fmt::format(
        "listen on {}: the address is taken, not this machine's, or the TLS files do not fit",
        options.address));
  }
  return out;
}

DiscoveryServer::~DiscoveryServer() { Stop(); }

void DiscoveryServer::Stop() {
  if (!hub_ || !hub_->server) return;
  hub_->StopWaiting();
  hub_->server->Shutdown(std::chrono::system_clock::now());
  hub_->server->Wait();
  hub_->server.reset();
}

void DiscoveryServer::SetTaps(const std::vector<plan::CompiledTap>& taps, const NodeZones& zones) {
  hub_->SetTaps(taps, zones);
}

bool DiscoveryServer::AwaitTaken(base::Nanos patience) { return hub_->AwaitTaken(patience); }

std::string DiscoveryServer::version() const {
  const auto snapshot = hub_->offers().newest;
  return snapshot ? snapshot->version() : "";
}

std::vector<ReportPtr> DiscoveryServer::Reports() const { return hub_->Reports(); }

std::vector<ReportPtr> DiscoveryServer::TakeNewReports() { return hub_->TakeNewReports(); }

size_t DiscoveryServer::collectors() const { return hub_->collectors(); }

std::vector<ReportPtr> DiscoveryServer::FinalReports() const { return hub_->FinalReports(); }

void DiscoveryServer::SetLimits(const std::vector<leases::TapLimit>& limits) {
  hub_->WithLedger("", [&](leases::LeaseLedger& ledger, base::Nanos now) {
    ledger.SetLimits(limits, now);
    return true;
  });
}

std::optional<leases::GrantedRecords> DiscoveryServer::PlanLeases(const std::string& uid,
                                                                  uint64_t records) {
  return hub_->WithLedger(uid, [&](leases::LeaseLedger& ledger, base::Nanos now) {
    return ledger.Plan(uid, records, now);
  });
}

void DiscoveryServer::LeasesWritten(const std::string& uid, const leases::GrantedRecords& granted) {
  hub_->WithLedger(uid, [&](leases::LeaseLedger& ledger, base::Nanos) {
    ledger.Written(uid, granted);
    return true;
  });
}

bool DiscoveryServer::RecordsEnd(const std::string& uid, uint64_t records) {
  return hub_->WithLedger(
      uid, [&](leases::LeaseLedger& ledger, base::Nanos) { return ledger.Ends(uid, records); });
}

bool DiscoveryServer::NewlyUsedUp() {
  return hub_->WithLedger(
      "", [](leases::LeaseLedger& ledger, base::Nanos) { return ledger.NewlyUsedUp(); });
}

int DiscoveryServer::port() const { return hub_->port; }

}  // namespace traffictap::discovery
