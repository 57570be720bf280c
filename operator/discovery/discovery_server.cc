// SPDX-License-Identifier: Apache-2.0
#include "operator/discovery/discovery_server.h"

#include <grpcpp/grpcpp.h>

#include <deque>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "base/fnv1a.h"
#include "base/log.h"
#include "fmt/format.h"
#include "tap/schema_version.h"
#include "traffictap/v1/tap_discovery.grpc.pb.h"

namespace traffictap::discovery {
namespace {

constexpr int kReportBytesMax = 16 << 20;
constexpr int kKeepaliveMs = 20'000;
constexpr int kKeepaliveTimeoutMs = 5'000;
constexpr int kPingIntervalMinMs = 10'000;
// A status that was written since has the counts of those that went before.
constexpr size_t kFinalReportsMax = 8;
// Kubernetes is made for 5,000.
constexpr size_t kNodesMax = 16'384;

using SnapshotPtr = std::shared_ptr<const v1::DiscoverySnapshot>;

// By zone, as there are few of them and many nodes.
void AddZones(const NodeZones& node_zones, v1::DiscoverySnapshot* snapshot) {
  std::map<std::string_view, std::vector<std::string_view>> nodes_by_zone;
  size_t count = 0;
  for (const auto& [node, zone] : node_zones) {
    if (++count > kNodesMax) break;
    nodes_by_zone[zone].push_back(node);
  }
  for (const auto& [zone, nodes] : nodes_by_zone) {
    auto* out = snapshot->add_zones();
    out->set_name(std::string(zone));
    for (const auto& node : nodes) out->add_nodes(std::string(node));
  }
}

SnapshotPtr MakeSnapshot(const std::vector<plan::CompiledTap>& taps, const NodeZones& zones,
                         const std::string& operator_version) {
  auto snapshot = std::make_shared<v1::DiscoverySnapshot>();
  snapshot->set_schema_version(tap::kSchemaVersion);
  snapshot->set_operator_version(operator_version);
  for (const auto& tap : taps) {
    auto* out = snapshot->add_taps();
    out->set_tap(tap.key);
    out->set_uid(tap.uid);
    out->set_generation(tap.generation);
    out->set_document(tap.document);
    for (const auto& peer : tap.peers) {
      auto* known = out->add_peers();
      known->set_namespace_(peer.ns);
      known->set_workload(peer.workload);
      known->set_attached(peer.attached);
      known->set_network(peer.network);
      for (const auto& address : peer.addresses) known->add_addresses(address);
    }
  }
  AddZones(zones, snapshot.get());
  // Equal content must have an equal version also in another operator's process. One of another
  // version of the program is sent anew: taps that did not change are not touched by that.
  snapshot->set_version(fmt::format("{:016x}", base::Fnv1a(snapshot->SerializeAsString())));
  return snapshot;
}

}  // namespace

// One collector's stream.
class Session;

// What a stream may be sent next. Null: nothing yet.
struct Offers {
  SnapshotPtr newest;
  SnapshotPtr released;  // the newest that receivers may have
};

// All streams of a server, and what they share.
class DiscoveryHub final : public v1::TapDiscovery::CallbackService {
 public:
  DiscoveryHub(const DiscoveryServerOptions& options, std::function<void()> on_report)
      : collectors_max_(options.collectors_max),
        operator_version_(options.operator_version),
        on_report_(std::move(on_report)) {}

  grpc::ServerBidiReactor<v1::CollectorReport, v1::DiscoverySnapshot>* StreamTaps(
      grpc::CallbackServerContext*) override;

  void SetTaps(const std::vector<plan::CompiledTap>& taps, const NodeZones& zones);
  bool AwaitTaken(base::Nanos patience);
  void StopWaiting() {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  Offers offers() const {
    absl::MutexLock lock(&mutex_);
    return {snapshot_, released_};
  }
  bool Join(Session* session);
  void Leave(Session* session);
  void Report(Session* session, v1::CollectorReport report);
  std::vector<ReportPtr> Reports() const;
  std::vector<ReportPtr> FinalReports() const;

  std::unique_ptr<grpc::Server> server;
  int port = 0;

 private:
  RolloutStage Stage() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<ReportPtr> Connected() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReleaseIfTaken() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Release() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t collectors_max_;
  const std::string operator_version_;
  const std::function<void()> on_report_;
  mutable absl::Mutex mutex_;
  SnapshotPtr snapshot_ ABSL_GUARDED_BY(mutex_);
  SnapshotPtr released_ ABSL_GUARDED_BY(mutex_);  // to receivers
  SnapshotPtr awaited_ ABSL_GUARDED_BY(mutex_);   // the last that AwaitTaken has waited for
  bool taken_ ABSL_GUARDED_BY(mutex_) = false;    // what came of it
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<Session*> sessions_ ABSL_GUARDED_BY(mutex_);
  // By session: a collector that dials again may meet its former stream still open.
  std::map<Session*, ReportPtr> reports_ ABSL_GUARDED_BY(mutex_);
  std::deque<ReportPtr> finals_ ABSL_GUARDED_BY(mutex_);  // the oldest first
};

class Session final : public grpc::ServerBidiReactor<v1::CollectorReport, v1::DiscoverySnapshot> {
 public:
  explicit Session(DiscoveryHub* owner) : owner_(owner) {
    if (!owner_->Join(this)) {
      Finish({grpc::StatusCode::RESOURCE_EXHAUSTED, "too many collectors"});
      return;
    }
    // Tells the collector that it is connected, though there may be nothing to send.
    StartSendInitialMetadata();
    StartRead(&report_);
  }

  // Sends the newest snapshot that its role may have, unless the collector has it or one is on its way.
  void Offer(const Offers& offers) {
    absl::MutexLock lock(&mutex_);
    const SnapshotPtr& snapshot = waits_for_pairers_ ? offers.released : offers.newest;
    if (!snapshot || ended_ || writing_ || !reported_) return;
    if (snapshot->version() == (sent_ ? sent_->version() : in_force_)) return;
    writing_ = true;
    sent_ = snapshot;
    StartWrite(sent_.get());
  }

  void OnReadDone(bool ok) override {
    if (!ok) return End();
    {
      absl::MutexLock lock(&mutex_);
      reported_ = true;
      in_force_ = report_.version();
      waits_for_pairers_ = WaitsForPairers(report_.role());
    }
    owner_->Report(this, std::exchange(report_, {}));
    Offer(owner_->offers());
    StartRead(&report_);
  }

  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      writing_ = false;
    }
    if (ok) Offer(owner_->offers());
  }

  void OnDone() override {
    owner_->Leave(this);
    delete this;
  }

 private:
  void End() {
    {
      absl::MutexLock lock(&mutex_);
      ended_ = true;
    }
    Finish(grpc::Status::OK);
  }

  DiscoveryHub* const owner_;
  v1::CollectorReport report_;  // gRPC's while a read is under way
  absl::Mutex mutex_;
  SnapshotPtr sent_ ABSL_GUARDED_BY(mutex_);
  std::string in_force_ ABSL_GUARDED_BY(mutex_);
  bool reported_ ABSL_GUARDED_BY(mutex_) = false;
  bool waits_for_pairers_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

grpc::ServerBidiReactor<v1::CollectorReport, v1::DiscoverySnapshot>* DiscoveryHub::StreamTaps(
    grpc::CallbackServerContext*) {
  return new Session(this);
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
    sessions_.erase(session);
    ReleaseIfTaken();  // if it was the last one to wait for
  }
  on_report_();
}

void DiscoveryHub::Report(Session* session, v1::CollectorReport report) {
  const auto shared = std::make_shared<const v1::CollectorReport>(std::move(report));
  {
    absl::MutexLock lock(&mutex_);
    if (shared->final()) {
      log::For("discovery").info("collector ends collector={}", shared->collector());
    } else if (!reports_.contains(session)) {
      log::For("discovery").info("collector joined collector={}", shared->collector());
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
    }
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

std::vector<ReportPtr> DiscoveryServer::FinalReports() const { return hub_->FinalReports(); }

int DiscoveryServer::port() const { return hub_->port; }

}  // namespace traffictap::discovery
