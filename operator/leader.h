// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "operator/api_guard.h"
#include "operator/controller/controller.h"
#include "operator/istiod/syncz.h"
#include "operator/leases/lease_ledger.h"
#include "operator/mesh_watch.h"
#include "operator/options.h"
#include "operator/proxy_poller.h"
#include "operator/reconcilers/peer_ledger.h"
#include "operator/reconcilers/plan_board.h"
#include "operator/reconcilers/reports.h"

namespace traffictap::op {

// What waits to be reconciled: the mesh as a whole, under one key, and each tap.
struct ReconcileQueues {
  explicit ReconcileQueues(const base::Clock* clock) : mesh({}, clock), taps({}, clock) {}

  controller::WorkQueue mesh;
  controller::WorkQueue taps;

  // Something changed that a plan depends on. Changes come in bursts: reconciled after MeshDelay.
  void MeshChanged(size_t taps);
};

// How long a change waits for others with so many taps, from 100 ms to a second: to plan for all of
// them takes the longer the more there are, and where they come one by one, each adds an owner to the
// same patch.
base::Nanos MeshDelay(size_t taps);

// The least time between two writes of a tap's status that bring nothing but counts, with so many
// taps: all of them together take at most a quarter of `writes_per_second`, the API budget.
base::Nanos CountsInterval(size_t taps, int writes_per_second);

// How long a report waits for others before the status of every tap is worked out again, each from the
// reports of all collectors: 20 µs for each tap of each, several times what it takes, and a second at most.
// Nothing where that is less than 10 ms.
base::Nanos ReportDelay(size_t taps, size_t collectors);

// What the one operator does that leads: serves taps to the collectors, asks istiod, reconciles. And
// what it learns by that. All but Run are thread-safe, and may be called by a replica that waits.
class Leader {
 public:
  // All pointers outlive it.
  Leader(const Options& options, MeshWatch* watch, ReconcileQueues* queues,
         reconcilers::PlanBoard* board, const base::Clock* clock);

  // Fails where collectors could not be served: the address is taken, or a file is missing.
  Status TryListening();

  struct Work {
    controller::Controller* mesh = nullptr;
    controller::Controller* taps = nullptr;
    ApiGuard* api_guard = nullptr;
  };
  // Leads until `stop`. Does nothing before every watch has its first list. May be called again.
  void Run(const std::stop_token& stop, const Work& work);

  // Of the connected collectors, and with those of instances that have ended. A replica that does
  // not lead has none: a collector that meets it is refused and dials again.
  reconcilers::Reports Reports() const;
  reconcilers::Reports AllReports() const;
  // Returns when receivers and pairers have them, after 5 s at most.
  void SetTaps(const std::vector<plan::CompiledTap>& taps);
  // Of limits.maxRecords, as DiscoveryServer's. Nothing and false where it does not lead.
  void SetLimits(const std::vector<leases::TapLimit>& limits) const;
  std::optional<leases::GrantedRecords> PlanLeases(const std::string& uid, uint64_t records) const;
  void LeasesWritten(const std::string& uid, const leases::GrantedRecords& granted) const;
  bool RecordsEnd(const std::string& uid, uint64_t records) const;
  // What is known beside the mesh's ConfigMap: by the watches, the options, and istiod.
  plan::MeshSettings Settings() const;
  // The last push that each istiod has made, asked for now; nothing if one of them does not answer within
  // a second, or has not lately.
  istiod::PushVersions Pushes() const;
  // For a while after the start, until a collector and istiod have been heard.
  bool Settling() const;
  // The board has a new plan: every tap is to be told.
  void PlanChanged();
  // Whom the collectors meet.
  reconcilers::PeerLedger* peers() { return &peers_; }

 private:
  Status Listen();
  void Serve(std::shared_ptr<discovery::DiscoveryServer> next);
  std::shared_ptr<discovery::DiscoveryServer> server() const;
  bool WaitForLists(const std::stop_token& stop) const;
  void QueueEveryTap(base::Nanos delay = 0);
  void MeshChanged() { queues_->MeshChanged(watch_->tap_count()); }
  void Reported();
  void AnsweredByIstiod(const std::string& version);
  std::unique_ptr<ProxyPoller> StartPoller();

  const Options options_;
  MeshWatch* const watch_;
  ReconcileQueues* const queues_;
  reconcilers::PlanBoard* const board_;
  const base::Clock* const clock_;
  reconcilers::PeerLedger peers_{clock_};
  std::atomic<bool> leading_{false};
  std::atomic<bool> asked_istiod_{false};
  std::atomic<base::Nanos> started_{0};  // to lead; monotonic
  mutable absl::Mutex mutex_;
  std::shared_ptr<discovery::DiscoveryServer> server_ ABSL_GUARDED_BY(mutex_);  // while it leads
  std::string istio_version_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::op
