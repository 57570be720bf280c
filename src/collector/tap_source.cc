// SPDX-License-Identifier: Apache-2.0
#include "collector/tap_source.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "collector/collector_report.h"
#include "collector/snapshot_reader.h"
#include "collector/tap_cache.h"
#include "fmt/format.h"
#include "traffictap/v1/tap_discovery.grpc.pb.h"

namespace traffictap::collector {
namespace {

constexpr int kSnapshotBytesMax = 64 << 20;
constexpr int kKeepaliveMs = 20'000;
constexpr int kReconnectMs = 1'000;
// A lease that is used up is told as soon.
constexpr base::Nanos kAskInterval = 100 * base::kMillisecond;

std::string NewInstance() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

// What a stream has brought since it was last asked.
struct News {
  std::optional<v1::DiscoverySnapshot> snapshot;
  std::optional<v1::RecordGrants> grants;
  std::optional<double> pace;
  bool any = false;  // one of them, or it opened, ended, or somebody woke us
};

// One stream's life. gRPC's threads call the On… methods; the source's thread calls the others.
class DiscoveryCall final
    : public grpc::ClientBidiReactor<v1::CollectorReport, v1::DiscoverySnapshot> {
 public:
  void Start(v1::TapDiscovery::Stub* stub) {
    stub->async()->StreamTaps(&context_, this);
    StartRead(&incoming_);
    StartCall();
  }

  // False while the former report is still on its way.
  bool Report(v1::CollectorReport report) {
    absl::MutexLock lock(&mutex_);
    if (writing_ || broken_) return false;
    writing_ = true;
    outgoing_ = std::move(report);
    StartWrite(&outgoing_);
    return true;
  }

  // The last one: once the operator has it, it ends the stream. Waits at most `wait` for the one
  // before it.
  void ReportLast(v1::CollectorReport report, base::Nanos wait) {
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(this, &DiscoveryCall::CanWrite),
                            absl::Nanoseconds(wait));
    if (writing_ || broken_) return;
    writing_ = true;
    outgoing_ = std::move(report);
    StartWriteLast(&outgoing_, grpc::WriteOptions());
  }

  // Makes Next return.
  void Wake() {
    absl::MutexLock lock(&mutex_);
    noticed_ = false;
  }

  // Waits at most `wait` for what the operator sends, or the stream's end.
  News Next(base::Nanos wait) {
    absl::MutexLock lock(&mutex_);
    const bool any = mutex_.AwaitWithTimeout(absl::Condition(this, &DiscoveryCall::HasNews),
                                             absl::Nanoseconds(wait));
    noticed_ = true;
    return {std::exchange(arrived_, std::nullopt), std::exchange(granted_, std::nullopt),
            std::exchange(pace_, std::nullopt), any};
  }

  void Cancel() { context_.TryCancel(); }
  bool ended() const {
    absl::MutexLock lock(&mutex_);
    return ended_;
  }
  bool opened() const {
    absl::MutexLock lock(&mutex_);
    return opened_;
  }
  grpc::Status WaitForEnd() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&ended_));
    return status_;
  }

  // The operator answers at once, also where it has nothing new to send.
  void OnReadInitialMetadataDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    opened_ = ok;
    noticed_ = !ok;
  }
  void OnReadDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    if (!ok) {
      broken_ = true;
      return;
    }
    // Only the newest of each counts: all grants before it have been named in a report.
    const bool apart = incoming_.has_grants() || incoming_.has_pace();
    if (incoming_.has_grants()) granted_ = std::move(*incoming_.mutable_grants());
    if (incoming_.has_pace()) pace_ = ReadPace(incoming_.pace());
    if (!apart || !incoming_.version().empty()) arrived_ = std::move(incoming_);
    incoming_ = {};
    StartRead(&incoming_);
  }
  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) broken_ = true;
  }
  void OnDone(const grpc::Status& status) override {
    absl::MutexLock lock(&mutex_);
    status_ = status;
    ended_ = true;
  }

 private:
  bool CanWrite() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !writing_ || broken_; }
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return arrived_ || granted_ || pace_ || ended_ || !noticed_;
  }

  grpc::ClientContext context_;
  v1::DiscoverySnapshot incoming_;  // gRPC's while a read is under way
  v1::CollectorReport outgoing_;    // gRPC's while a write is under way
  mutable absl::Mutex mutex_;
  std::optional<v1::DiscoverySnapshot> arrived_ ABSL_GUARDED_BY(mutex_);
  std::optional<v1::RecordGrants> granted_ ABSL_GUARDED_BY(mutex_);
  std::optional<double> pace_ ABSL_GUARDED_BY(mutex_);
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
  bool opened_ ABSL_GUARDED_BY(mutex_) = false;
  bool noticed_ ABSL_GUARDED_BY(mutex_) = true;  // the thread knows that it opened
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

class TapSource::Loop {
 public:
  Loop(TapSourceOptions options, Hooks hooks, TapSourceState* state,
       const std::shared_ptr<grpc::ChannelCredentials>& credentials)
      : options_(std::move(options)),
        hooks_(std::move(hooks)),
        state_(state),
        instance_(NewInstance()),
        cache_(options_.cache_file),
        reader_(hooks_.leases != nullptr) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kSnapshotBytesMax);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    // How long to wait is Run's business: gRPC alone would wait two minutes for an operator that was
    // away for as long.
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMs);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMs);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMs);
    stub_ = v1::TapDiscovery::NewStub(
        grpc::CreateCustomChannel(options_.address, credentials, arguments));
    LoadCache();
    thread_ = std::jthread([this] { Run(); });
  }

  ~Loop() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
      if (call_) call_->Cancel();
    }
    thread_.join();
  }

  bool Finish(base::Nanos wait) {
    absl::MutexLock lock(&mutex_);
    finishing_ = true;
    if (call_) call_->Wake();
    mutex_.AwaitWithTimeout(absl::Condition(&finished_), absl::Nanoseconds(wait));
    return told_;
  }

 private:
  void Run() {
    base::Nanos backoff = options_.backoff_min;
    while (!ending()) {
      const bool worked = RunStream();
      if (worked) backoff = options_.backoff_min;
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(this, &Loop::Ends), absl::Nanoseconds(backoff));
      backoff = std::min(backoff * 2, options_.backoff_max);
    }
    absl::MutexLock lock(&mutex_);
    finished_ = true;
  }

  // True where the operator answered.
  bool RunStream() {
    DiscoveryCall call;
    {
      absl::MutexLock lock(&mutex_);
      if (Ends()) return false;
      call_ = &call;
    }
    lease_round_ = 0;
    call.Start(stub_.get());
    Converse(&call);
    if (hooks_.set_stream_pace) hooks_.set_stream_pace(1);
    {
      absl::MutexLock lock(&mutex_);
      call_ = nullptr;
    }
    const grpc::Status status = call.WaitForEnd();
    if (ending()) {
      absl::MutexLock lock(&mutex_);
      told_ = status.ok();
      return true;
    }
    if (state_->connected.exchange(false) || !warned_) {
      warned_ = true;
      log::For("taps").warn("no stream to the operator, current taps stay active err=\"{}\"",
                            status.error_message());
    }
    return call.opened();
  }

  // Until the stream has ended.
  void Converse(DiscoveryCall* call) {
    bool reported = call->Report(MakeReport());
    while (!call->ended()) {
      const News news = Await(call, reported);
      if (call->opened() && !state_->connected.exchange(true)) {
        log::For("taps").info("connected to the operator");
      }
      if (news.snapshot) {
        Apply(*news.snapshot);
        cache_.Keep(*news.snapshot);
      }
      if (news.grants) Grant(*news.grants);
      if (news.pace && hooks_.set_stream_pace) hooks_.set_stream_pace(*news.pace);
      if (ending()) {
        auto last = MakeReport();
        last.set_final(true);
        call->ReportLast(std::move(last), options_.report_interval);
        while (!call->ended()) call->Next(options_.report_interval);
      } else {
        reported = call->Report(MakeReport());
      }
    }
  }

  // Waits for news, until a report is due. Leases ask sooner than that; so does a report that found the
  // one before it still on its way, since the operator may wait for it to grant more.
  News Await(DiscoveryCall* call, bool reported) {
    if (hooks_.leases == nullptr) return call->Next(options_.report_interval);
    const base::Nanos due = reported ? options_.report_interval : kAskInterval;
    for (base::Nanos waited = 0; waited < due; waited += kAskInterval) {
      News news = call->Next(std::min(kAskInterval, due - waited));
      if (news.any || hooks_.leases->Ask()) return news;
    }
    return {};
  }

  void Grant(const v1::RecordGrants& grants) {
    std::map<std::string, uint64_t> granted;
    for (const auto& grant : grants.grants()) granted[grant.uid()] = grant.granted();
    if (hooks_.leases != nullptr) hooks_.leases->Grant(granted);
    lease_round_ = grants.round();
  }

  void Apply(const v1::DiscoverySnapshot& snapshot) {
    // First: the streams of a proxy that a new tap lets in ask once, when they begin.
    if (hooks_.set_zones) hooks_.set_zones(ReadZones(snapshot));
    auto reading = reader_.Read(snapshot);
    for (auto& fault : hooks_.apply(reading.taps)) reading.faults.push_back(std::move(fault));
    faults_ = std::move(reading.faults);
    version_ = snapshot.version();
    state_->set_operator_version(snapshot.operator_version());
    state_->has_snapshot = true;
    for (const auto& warning : reading.warnings) {
      log::For("taps").warn("the operator is newer than this collector tap={} err=\"{}\"",
                            warning.tap, Message(warning.status));
    }
    for (const auto& fault : faults_) {
      log::For("taps").error("tap refused tap={} err=\"{}\"", fault.tap, Message(fault.status));
    }
    log::For("taps").info("active taps version={} taps={} faults={}", version_, reading.taps.size(),
                          faults_.size());
  }

  v1::CollectorReport MakeReport() const {
    v1::CollectorReport report;
    report.set_collector(options_.collector);
    report.set_role(options_.role);
    report.set_instance(instance_);
    report.set_version(version_);
    for (const auto& fault : faults_) {
      auto* out = report.add_faults();
      out->set_tap(fault.tap);
      out->set_message(Message(fault.status));
    }
    const pipeline::PipelineSnapshot snapshot = hooks_.pipeline_snapshot();
    FillReport(snapshot, &report);
    if (hooks_.set_stream_pace) report.mutable_load()->set_entries(snapshot.ingress.received);
    reader_.Identify(&report);
    if (hooks_.leases != nullptr) FillLeases(&report);
    return report;
  }

  void FillLeases(v1::CollectorReport* report) const {
    report->set_takes_leases(true);
    report->set_lease_round(lease_round_);
    for (const auto& [uid, state] : hooks_.leases->states()) {
      auto* out = report->add_leases();
      out->set_uid(uid);
      out->set_granted(state.granted);
      out->set_taken(state.taken);
      out->set_asks(state.asks);
    }
  }

  // A cache that cannot be read is no snapshot, not one without taps: the collector is not ready
  // before the operator has sent one.
  void LoadCache() {
    const auto kept = cache_.Load();
    if (kept.ok()) return Apply(*kept);
    if (absl::IsNotFound(kept.status())) return;
    log::For("taps").warn(
        "tap cache cannot be used, not ready before the operator has sent the taps file=\"{}\" "
        "err=\"{}\"",
        options_.cache_file, Message(kept.status()));
  }

  bool Ends() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || finishing_; }
  bool ending() const {
    absl::MutexLock lock(&mutex_);
    return Ends();
  }

  const TapSourceOptions options_;
  const Hooks hooks_;
  TapSourceState* const state_;
  const std::string instance_;
  TapCache cache_;
  std::unique_ptr<v1::TapDiscovery::Stub> stub_;
  // Only the thread touches these (the constructor before it starts).
  SnapshotReader reader_;
  std::string version_;
  std::vector<pipeline::TapFault> faults_;
  uint64_t lease_round_ = 0;  // of the stream
  bool warned_ = false;

  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool finishing_ ABSL_GUARDED_BY(mutex_) = false;  // a last report, then no more
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;   // the thread is done
  bool told_ ABSL_GUARDED_BY(mutex_) = false;       // the operator has the last report
  DiscoveryCall* call_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::jthread thread_;
};

TapSource::TapSource() = default;
TapSource::~TapSource() = default;

bool TapSource::Finish(base::Nanos wait) { return loop_->Finish(wait); }

StatusOr<std::unique_ptr<TapSource>> TapSource::Start(TapSourceOptions options, Hooks hooks,
                                                      TapSourceState* state) {
  auto credentials = rpc::ChannelCredentials(options.tls);
  if (!credentials.ok()) return credentials.status();
  std::unique_ptr<TapSource> out(new TapSource);
  out->loop_ = std::make_unique<Loop>(std::move(options), std::move(hooks), state, *credentials);
  return out;
}

}  // namespace traffictap::collector
