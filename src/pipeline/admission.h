#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "base/bounded_queue.h"
#include "base/clock.h"
#include "pairing/peer_directory.h"
#include "pipeline/route_table.h"
#include "traffic/entry_batch.h"
#include "traffic/entry_consumer.h"

namespace traffictap::pipeline {

// The door's books: received = kept + filtered + sampled + sum(rejected), at every moment between two messages.
// `kept` entries went into the queue to the pipeline thread.
struct AdmissionBooks {
  uint64_t received = 0;
  uint64_t kept = 0;
  uint64_t filtered = 0;
  uint64_t sampled = 0;
  std::array<uint64_t, traffic::kRejectReasonCount> rejected{};
};

// What a stream thread hands to the pipeline thread. `routes` is the snapshot its tap sets refer to.
struct AdmittedBatch {
  std::unique_ptr<traffic::EntryBatch> entries;
  RouteTablePtr routes;
};
using AdmittedQueue = base::BoundedQueue<AdmittedBatch>;

// The door: tests each entry against the current route table on the thread of its stream, packs what some tap
// admits, and pushes it per message into the queue. Never blocks: with the queue full the message is dropped and
// counted. Thread-safe.
class Admission final : public traffic::EntryConsumer {
 public:
  // All three outlive the admission and its streams.
  Admission(AdmittedQueue* queue, pairing::PeerDirectory* peers, const base::Clock* clock);
  ~Admission() override;

  std::unique_ptr<traffic::EntryStream> OpenStream(traffic::NodePtr node) override;
  void Reject(traffic::RejectReason reason, uint64_t count) override;

  // In force for every message whose first entry comes after the call.
  void SetRoutes(RouteTablePtr routes);

  // The node whose stream is open from `ip`, or null.
  traffic::NodePtr NodeAt(const std::string& ip) const;

  AdmissionBooks books() const;

 private:
  class Stream;
  RouteTablePtr routes() const;
  void Record(const AdmissionBooks& delta);
  void StreamOpened(const traffic::NodePtr& node);
  void StreamEnded(const traffic::NodePtr& node, bool clean);

  AdmittedQueue* const queue_;
  pairing::PeerDirectory* const peers_;
  const base::Clock* const clock_;
  mutable absl::Mutex mutex_;
  RouteTablePtr routes_ ABSL_GUARDED_BY(mutex_);
  AdmissionBooks books_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::pair<traffic::NodePtr, int>> nodes_ ABSL_GUARDED_BY(mutex_);  // by ip, with streams
  std::atomic<uint64_t> version_{0};  // lets a stream see without the lock that its snapshot is still current
};

}  // namespace traffictap::pipeline
