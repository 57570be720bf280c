// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/bounded_queue.h"
#include "base/clock.h"
#include "pipeline/paused_proxies.h"
#include "pipeline/proxy_directory.h"
#include "pipeline/tap_table.h"
#include "traffic/entry_batch.h"
#include "traffic/entry_consumer.h"

namespace traffictap::pipeline {

// The ingress's counters: received = kept + filtered + sampled + stale + sum(rejected), at every moment
// between two messages. `kept` entries went into the queue of a pairing thread.
struct IngressCounters {
  uint64_t received = 0;
  uint64_t kept = 0;
  uint64_t filtered = 0;
  uint64_t sampled = 0;
  uint64_t stale = 0;  // waited in a proxy that nobody read, and ended before the tap came
  std::array<uint64_t, traffic::kRejectReasonCount> rejected{};

  static void Visit(auto visit, auto&... counters) {
    visit("received", "", counters.received...);
    visit("kept", "", counters.kept...);
    visit("filtered", "", counters.filtered...);
    visit("sampled", "", counters.sampled...);
    visit("stale", "", counters.stale...);
    for (size_t i = 0; i < traffic::kRejectReasonCount; ++i) {
      visit("rejected", ToString(static_cast<traffic::RejectReason>(i)), counters.rejected[i]...);
    }
  }
};

// What the ingress knows of one tap. Losses are counted for every tap that targets the proxy: whose
// entries they were is not known any more.
struct TapIngressCounters {
  uint64_t proxies = 0;         // with a stream open, that sent something since the tap is in force
  uint64_t lost_entries = 0;    // after their arrival, before the pairer
  uint64_t broken_streams = 0;  // each with an unknown number of entries in flight

  static void Visit(auto visit, auto&... counters) {
    visit("proxies", "", counters.proxies...);
    visit("lost_entries", "", counters.lost_entries...);
    visit("broken_streams", "", counters.broken_streams...);
  }
};

// What a stream thread hands to a pairing thread. `table` is the snapshot its tap sets refer to.
struct AdmittedBatch {
  std::unique_ptr<traffic::EntryBatch> entries;
  TapTablePtr table;
};
using AdmittedQueue = base::BoundedQueue<AdmittedBatch>;

// The ingress: tests each entry against the taps in force on the thread of its stream, packs
// what some tap admits, and pushes it per message into the queue of its partition. Never blocks: what a
// message has for a full queue is dropped and counted. Streams of proxies that no tap targets are paused
// after the message in hand; a tap that comes resumes them. Thread-safe.
class Ingress final : public traffic::EntryConsumer {
 public:
  // One queue for each partition (traffic::PartitionOf), at least one. All outlive the ingress and its
  // streams.
  Ingress(std::vector<AdmittedQueue*> queues, ProxyDirectory* proxies, const base::Clock* clock);
  ~Ingress() override;

  std::unique_ptr<traffic::EntryStream> OpenStream(traffic::NodePtr node) override;
  void Reject(traffic::RejectReason reason, uint64_t count) override;

  // In force for every message whose first entry comes after the call. Resumes the paused streams of
  // proxies that it wants.
  void SetTable(TapTablePtr table);

  IngressCounters counters() const;
  // By the taps' ids (TapTable::id); of the table in force.
  std::map<uint64_t, TapIngressCounters> tap_counters() const;

 private:
  class Stream;
  TapTablePtr table() const;
  void Record(const IngressCounters& delta);
  void CountLoss(const TapTablePtr& table, const traffic::TapSet& candidates, uint64_t entries,
                 uint64_t streams);

  const std::vector<AdmittedQueue*> queues_;
  ProxyDirectory* const proxies_;
  const base::Clock* const clock_;
  PausedProxies paused_;
  mutable absl::Mutex mutex_;
  TapTablePtr table_ ABSL_GUARDED_BY(mutex_);
  IngressCounters counters_ ABSL_GUARDED_BY(mutex_);
  // by tap id; `proxies` unused
  std::map<uint64_t, TapIngressCounters> losses_ ABSL_GUARDED_BY(mutex_);
  std::atomic<uint64_t> version_{
      0};  // lets a stream see without the lock that its snapshot is still current
};

}  // namespace traffictap::pipeline
