// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/metrics.h"
#include "pipeline/ingress.h"
#include "pipeline/pipeline_snapshot.h"
#include "pipeline/record_lease.h"
#include "pipeline/shard.h"

namespace traffictap::pipeline {

constexpr size_t kPairingThreadsMax = 64;

struct PipelineOptions {
  std::string output_dir;
  std::string spool_dir;       // of outputs whose delivery is Durable; empty: there can be none
  size_t pairing_threads = 1;  // 1 to kPairingThreadsMax: so many partitions the traffic has
  size_t queue_bytes_max = size_t{256} << 20;  // of all partitions together, as the next one
  size_t waiting_bytes_max = size_t{512} << 20;
  size_t outputs_bytes_max = size_t{512} << 20;  // of what all outputs hold together
  base::Nanos warm_up = 10 * base::kSecond;      // of a newly connected proxy: see OrphanReason
  base::Nanos output_close_wait = 5 * base::kSecond;  // of outputs that an edit takes away
  sinks::SinkOpener open_sink = sinks::OpenSink;
  // Null, or where taps with TapSpec::lease have theirs; outlives the pipeline.
  RecordLeases* leases = nullptr;
  // Null, or what outputs with delivery.class ExactlyOnce write into; outlives the pipeline.
  kafkaclient::RecordTransaction* transaction = nullptr;
  // Null, or what is done in the place of joining; outlives the pipeline, which has one thread then.
  Detour* detour = nullptr;
  // False: no thread is started, and the caller of SetTaps and Stop calls Step besides.
  bool threaded = true;
};

// A tap that was refused, and why.
struct TapFault {
  std::string tap;
  Status status;
};

// The whole data plane behind the gRPC edge:
//   streams → ingress → queue → [pairing thread: pairer → taps] → outputs
// with a queue, a thread and a pairer for each partition. All taps share them: an entry is paired once,
// however many taps want it.
class Pipeline {
 public:
  // Both outlive the pipeline. `live` (or null) is shown every record that a tap offers.
  Pipeline(PipelineOptions options, const base::Clock* clock,
           traffic::RecordConsumer* live = nullptr);
  ~Pipeline();

  // Where streams deliver. Valid as long as the pipeline.
  traffic::EntryConsumer* consumer() { return &ingress_; }

  // Makes exactly `taps` be in force. A tap that cannot work is refused, and its former version, if
  // any, stays. Nothing in flight is lost: what was admitted under the former taps is delivered
  // under them, and what still waits for its other half when a tap is removed goes to it as
  // orphans. Outputs that go close behind it: this waits for the pairing threads, never for an
  // output. One caller at a time; refuses all once the pipeline has stopped.
  std::vector<TapFault> SetTaps(const std::vector<tap::TapSpecPtr>& taps);

  // One turn of all pairing threads: takes what the streams brought within `wait`, and a change of
  // taps. False once all is done after BeginStop.
  bool Step(base::Nanos wait);

  // Drains the queue, emits what waits, closes all outputs within `wait` (those that hang are
  // abandoned a little later) and logs the final counters. The streams have ended before.
  void Stop(base::Nanos wait);
  // Its halves: begins, and tells whether all outputs are closed. BeginStop is false where somebody
  // has stopped the pipeline already.
  bool BeginStop(base::Nanos wait);
  bool Stopped();

  // Asks the tap's recorder for a dump, which it begins with its next turn. kNotFound: no such tap or
  // trigger; kFailedPrecondition: a tap without a recorder; others as Recorder::Request. Thread-safe.
  Status RequestDump(const std::string& tap, DumpRequest request);

  // The taps in force, in slot order: no more than that of Snapshot. Thread-safe, as it.
  std::vector<tap::TapSpecPtr> Taps() const;
  PipelineSnapshot Snapshot() const;
  // When each pairing thread had begun its last turn, which they do a few times a second while they
  // live: the oldest. Monotonic.
  base::Nanos last_turn() const;
  // The same for Prometheus.
  void WriteMetrics(base::MetricWriter& writer) const;

 private:
  void Run(size_t thread);
  // The change of taps to be made, or null.
  std::shared_ptr<TapsInForce> Pending() const;
  // Waits until all threads are here and one of them has handed over. False: it is not to be.
  bool HandOver(const std::shared_ptr<TapsInForce>& next);
  void TakeOver(const std::shared_ptr<TapsInForce>& next);
  // The end of `shards` turns, of which `ended` were the last ones.
  void EndTurns(const std::shared_ptr<TapsInForce>& next, size_t shards, size_t ended);
  // Forgets the outputs that left and are closed by now.
  void Reap();
  bool Switched() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return pending_ == nullptr; }
  std::shared_ptr<TapsInForce> in_force() const;
  // The runtimes of the taps to be in force: those that keep their slot, and those that need one.
  struct Chosen {
    std::map<size_t, std::shared_ptr<TapRuntime>> staying;
    std::vector<std::shared_ptr<TapRuntime>> fresh;
  };
  struct Leaving {
    std::shared_ptr<TapRuntime> runtime;
    bool ends = false;  // the tap itself, not only some outputs
    TapIngressCounters ingress;
  };
  Chosen Choose(const std::vector<tap::TapSpecPtr>& taps, std::vector<TapFault>* faults);
  std::shared_ptr<TapsInForce> Compile(const Chosen& chosen, std::vector<TapFault>* faults);
  // The runtime in `next` of the same tap that `former` has in `slot`, or null.
  static std::shared_ptr<TapRuntime> Successor(const TapsInForce& former, size_t slot,
                                               const TapsInForce& next);
  StatusOr<std::shared_ptr<TapRuntime>> MakeRuntime(const tap::TapSpecPtr& spec,
                                                    TapRuntime* former);

  const PipelineOptions options_;
  const base::Clock* const clock_;
  traffic::RecordConsumer* const live_;
  std::vector<std::unique_ptr<PatternTime>> pattern_times_;  // of each pairing thread
  ProxyDirectory proxies_;
  std::vector<std::unique_ptr<Shard>> shards_;
  Ingress ingress_;
  const std::shared_ptr<sinks::MemoryPool> output_memory_;
  // Of the first pairing thread, of the one that hands over, and after them of Stop's.
  std::vector<Leaving> leaving_;
  bool final_logged_ = false;
  uint64_t next_id_ = 1;  // of SetTaps' thread

  mutable absl::Mutex mutex_;
  std::shared_ptr<TapsInForce> in_force_ ABSL_GUARDED_BY(mutex_);  // in force for new entries
  // To be taken over; in force already until all threads have ended the turn in which they did.
  std::shared_ptr<TapsInForce> pending_ ABSL_GUARDED_BY(mutex_);
  size_t arrived_ ABSL_GUARDED_BY(mutex_) = 0;   // threads that wait to hand over
  size_t switched_ ABSL_GUARDED_BY(mutex_) = 0;  // threads that have ended that turn
  size_t ended_ ABSL_GUARDED_BY(mutex_) = 0;     // threads that are done
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::vector<std::jthread> threads_;
};

}  // namespace traffictap::pipeline
