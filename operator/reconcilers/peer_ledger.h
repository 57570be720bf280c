// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "operator/plan/mesh_snapshot.h"
#include "operator/reconcilers/reports.h"
#include "traffictap/v1/tap_discovery.pb.h"

namespace traffictap::reconcilers {

// Whom the targets of each tap talk to: workloads, by the pods at the addresses that collectors report.
// A workload stays until nobody has met it for kSilence, so that one that speaks now and then is not
// attached and let go by turns; while no collector reports, that time stands still. Bounded per tap.
// Thread-safe.
class PeerLedger {
 public:
  static constexpr base::Nanos kSilence = 600 * base::kSecond;
  static constexpr size_t kAddressesMax = 1024;
  static constexpr size_t kWorkloadsMax = 200;

  // `clock` outlives the ledger.
  explicit PeerLedger(const base::Clock* clock) : clock_(clock) {}

  // Takes reports that are new. True where a workload is a new one: the plan may change by it. An address
  // without a pod changes none before the watch brings one.
  bool Note(const Reports& reports);
  // Puts into each tap whom its targets talk to, who was met first before. Note goes by the pods of this
  // snapshot from now on. What the snapshot has of a tap that the ledger does not know, from its status,
  // is where the ledger begins. Returns when the first of them may have to go: from now on; empty:
  // nobody is there.
  std::optional<base::Nanos> Fill(plan::MeshSnapshot* snapshot);
  // Before this process leads again: what another one has learned meanwhile is in the status.
  void Clear();

 private:
  struct Place {
    std::string address;
    std::string network;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  struct Resident {
    std::string network;
    plan::SeenPeer workload;
  };
  struct Peer {
    base::Nanos first = 0;
    base::Nanos last = 0;
  };
  struct Book {
    std::string uid;
    std::map<Place, base::Nanos> pending;  // without a known pod; when they were last met
    base::Nanos dropped = 0;               // when the old ones of these last were
    std::map<plan::SeenPeer, Peer> peers;
  };
  using Residents = std::multimap<std::string, Resident>;  // by address

  static Residents ResidentsOf(const plan::MeshSnapshot& snapshot);
  // Null: no pod is known there.
  const plan::SeenPeer* Find(const Place& place) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // True where it is a new one.
  static bool Meet(const plan::SeenPeer& peer, base::Nanos when, Book* book);
  bool NoteTap(const v1::TapReport& tap, base::Nanos now, Book* book)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Book& BookOf(const plan::TapObject& tap, base::Nanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Resolve(Book* book) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void DropPending(base::Nanos now, Book* book);

  const base::Clock* const clock_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Book> books_ ABSL_GUARDED_BY(mutex_);  // by tap
  Residents residents_ ABSL_GUARDED_BY(mutex_);                // of the last snapshot
  base::Nanos heard_ ABSL_GUARDED_BY(mutex_) = 0;              // of a collector; monotonic
};

}  // namespace traffictap::reconcilers
