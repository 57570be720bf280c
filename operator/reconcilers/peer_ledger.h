// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "operator/plan/mesh_snapshot.h"
#include "traffictap/v1/tap_discovery.pb.h"

namespace traffictap::reconcilers {

// Whom the targets of each tap talk to: addresses as collectors report them, workloads once a pod is
// known at the address. A workload stays until nobody has met it for kSilence, so that one that speaks
// now and then is not attached and let go by turns; while no collector reports, that time stands still.
// Bounded per tap. Thread-safe.
class PeerLedger {
 public:
  static constexpr base::Nanos kSilence = 600 * base::kSecond;
  static constexpr size_t kAddressesMax = 1024;
  static constexpr size_t kWorkloadsMax = 200;

  // `clock` outlives the ledger.
  explicit PeerLedger(const base::Clock* clock) : clock_(clock) {}

  // True where an address is a new one: the plan may change by it.
  bool Note(const std::vector<v1::CollectorReport>& reports);
  // Puts into each tap whom its targets talk to, who was met first before. What the snapshot has of a
  // tap that the ledger does not know, from its status, is where the ledger begins. Returns when the
  // first of them may have to go: from now on; empty: nobody is there.
  std::optional<base::Nanos> Fill(plan::MeshSnapshot* snapshot);
  // Before this process leads again: what another one has learned meanwhile is in the status.
  void Clear();

 private:
  struct Place {
    std::string address;
    std::string network;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  struct Address {
    base::Nanos last = 0;
    bool pending = true;  // met since a pod was last looked for
  };
  struct Peer {
    base::Nanos first = 0;
    base::Nanos last = 0;
  };
  struct Book {
    std::string uid;
    std::map<Place, Address> addresses;
    std::map<plan::SeenPeer, Peer> peers;
  };
  using Pods = std::multimap<std::string, const plan::Pod*>;  // by address

  Book& BookOf(const plan::TapObject& tap, base::Nanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void Resolve(const Pods& pods, base::Nanos now, Book* book);
  bool Pending() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void LetGo(base::Nanos now, Book* book);

  const base::Clock* const clock_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Book> books_ ABSL_GUARDED_BY(mutex_);  // by tap
  base::Nanos heard_ ABSL_GUARDED_BY(mutex_) = 0;              // of a collector; monotonic
};

}  // namespace traffictap::reconcilers
