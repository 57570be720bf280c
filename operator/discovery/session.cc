// SPDX-License-Identifier: Apache-2.0
#include "operator/discovery/session.h"

#include <utility>

#include "operator/discovery/lease_messages.h"
#include "operator/discovery/rollout.h"

namespace traffictap::discovery {

Session::Session(SessionOwner* owner, uint64_t number) : owner_(owner), number_(number) {
  if (!owner_->Join(this)) {
    Finish({grpc::StatusCode::RESOURCE_EXHAUSTED, "too many collectors"});
    return;
  }
  // Tells the collector that it is connected, though there may be nothing to send.
  StartSendInitialMetadata();
  StartRead(&report_);
}

void Session::Offer(const Offers& offers) {
  absl::MutexLock lock(&mutex_);
  const SnapshotPtr& snapshot = waits_for_pairers_ ? offers.released : offers.newest;
  if (!snapshot || ended_ || writing_ || !reported_) return;
  if (snapshot->version() == (sent_ ? sent_->version() : in_force_)) return;
  writing_ = true;
  sent_ = snapshot;
  StartWrite(sent_.get());
}

// One round after the other, so that a report tells of all rounds or not of the last one.
bool Session::Grant(const std::map<std::string, uint64_t>& granted) {
  absl::MutexLock lock(&mutex_);
  if (ended_ || writing_ || round_ != rounds_sent_) return false;
  writing_ = true;
  apart_ = MakeGrants(++rounds_sent_, granted);
  StartWrite(&apart_);
  return true;
}

void Session::SetPace(uint32_t per_mille) {
  absl::MutexLock lock(&mutex_);
  if (ended_ || writing_ || per_mille == pace_) return;
  writing_ = true;
  pace_ = per_mille;
  apart_ = {};
  apart_.mutable_pace()->set_per_mille(per_mille);
  StartWrite(&apart_);
}

bool Session::HasAllGrants(uint64_t round) const {
  absl::MutexLock lock(&mutex_);
  return round == rounds_sent_;
}

void Session::OnReadDone(bool ok) {
  if (!ok) return End();
  {
    absl::MutexLock lock(&mutex_);
    reported_ = true;
    in_force_ = report_.version();
    waits_for_pairers_ = WaitsForPairers(report_.role());
    round_ = report_.lease_round();
  }
  owner_->Report(this, std::exchange(report_, {}));
  Offer(owner_->offers());
  owner_->OfferMore(this);
  StartRead(&report_);
}

void Session::OnWriteDone(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
  }
  if (!ok) return;
  Offer(owner_->offers());
  owner_->OfferMore(this);
}

void Session::OnDone() {
  owner_->Leave(this);
  delete this;
}

void Session::End() {
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  Finish(grpc::Status::OK);
}

}  // namespace traffictap::discovery
