// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <map>
#include <string>

#include "absl/synchronization/mutex.h"
#include "operator/discovery/make_snapshot.h"
#include "operator/discovery/receiver_paces.h"
#include "traffictap/v1/tap_discovery.grpc.pb.h"

namespace traffictap::discovery {

class Session;

// What a stream may be sent next. Null: nothing yet.
struct Offers {
  SnapshotPtr newest;
  SnapshotPtr released;  // the newest that receivers may have
};

// Who has all sessions. Outlives them; called by gRPC's threads.
class SessionOwner {
 public:
  // False: there are too many.
  virtual bool Join(Session* session) = 0;
  virtual void Leave(Session* session) = 0;
  virtual void Report(Session* session, v1::CollectorReport report) = 0;
  virtual Offers offers() const = 0;
  // Calls Grant and SetPace if there is something to be sent.
  virtual void OfferMore(Session* session) = 0;

 protected:
  ~SessionOwner() = default;
};

// One collector's stream. Deletes itself at its end, after Leave. Thread-safe.
class Session final : public grpc::ServerBidiReactor<v1::CollectorReport, v1::DiscoverySnapshot> {
 public:
  Session(SessionOwner* owner, uint64_t number);

  // Later sessions have greater ones.
  uint64_t number() const { return number_; }
  // Sends the newest snapshot that its role may have, unless the collector has it or one is on its way.
  void Offer(const Offers& offers);
  // Sends what of its leases changes, by the taps' uids, unless something is on its way. False: it was not
  // sent. Never called by two at once.
  bool Grant(const std::map<std::string, uint64_t>& granted);
  // Tells a receiver how fast its streams grow old, unless it knows, or something is on its way.
  void SetPace(uint32_t per_mille);
  // Whether a report that names this round knows of all grants.
  bool HasAllGrants(uint64_t round) const;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override;

 private:
  void End();

  SessionOwner* const owner_;
  const uint64_t number_;
  v1::CollectorReport report_;  // gRPC's while a read is under way
  mutable absl::Mutex mutex_;
  SnapshotPtr sent_ ABSL_GUARDED_BY(mutex_);
  v1::DiscoverySnapshot apart_;  // what comes without taps; gRPC's while a write is under way
  uint64_t rounds_sent_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t round_ ABSL_GUARDED_BY(mutex_) = 0;  // the last that a report has named
  uint32_t pace_ ABSL_GUARDED_BY(mutex_) = ReceiverPaces::kFull;  // the last that was sent
  std::string in_force_ ABSL_GUARDED_BY(mutex_);
  bool reported_ ABSL_GUARDED_BY(mutex_) = false;
  bool waits_for_pairers_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace traffictap::discovery
