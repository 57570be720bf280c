// SPDX-License-Identifier: Apache-2.0
#include "roles/receiver_work.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "shuffle/half_block.h"
#include "traffic/partition_key.h"

namespace traffictap::roles {
namespace {

// At the end, until the topic of the proxies has what was said last.
constexpr base::Nanos kProxiesWait = base::kSecond;

}  // namespace

ReceiverWork::ReceiverWork(shuffle::HalfSenderOptions options,
                           std::unique_ptr<shuffle::BlockOutlet> outlet,
                           shuffle::ProxyPublisherOptions proxies,
                           std::unique_ptr<shuffle::ProxyOutlet> proxy_outlet,
                           const base::Clock* clock, base::Nanos finish_wait)
    : outlet_(std::move(outlet)),
      sender_(std::move(options), outlet_.get(), clock),
      proxy_outlet_(std::move(proxy_outlet)),
      publisher_(std::move(proxies), proxy_outlet_.get(), clock),
      finish_wait_(finish_wait),
      masks_(clock) {}

void ReceiverWork::Start(pairing::PairConsumer*, pipeline::ProxyDirectory* proxies) {
  proxies_ = proxies;
  proxies_->TrackChanges();
}

bool ReceiverWork::Take(pipeline::AdmittedQueue* queue,
                        const std::shared_ptr<pipeline::TapsInForce>&, base::Nanos wait) {
  const bool closed = queue->closed();
  has_room_ = sender_.HasRoom(closed ? 0 : wait);
  if (!has_room_ && !closed) return false;
  const auto batches = queue->PopAll(wait);
  for (const auto& batch : batches) {
    // At the end the queue's bound is bound enough.
    if (sender_.open()) {
      Send(batch);
    } else {
      never_sent_ += batch.entries->entries().size();
    }
  }
  return !batches.empty();
}

void ReceiverWork::UseTable(const pipeline::TapTablePtr& table) {
  table_ = table;
  masks_.UseTable(table);
  slot_hashes_.clear();
  uint64_t hash = 0;
  for (const auto& spec : table->specs()) {
    slot_hashes_.push_back(spec ? shuffle::TapHash(spec->key()) : 0);
    // In any order: slots differ between processes.
    if (spec) hash += slot_hashes_.back() ^ spec->content_hash;
  }
  sender_.SetTapsHash(hash);
  UseTaps(taps_);
}

void ReceiverWork::UseTaps(const traffic::TapSet& taps) {
  taps_ = taps;
  tap_hashes_.clear();
  taps.ForEach([&](size_t slot) {
    if (slot < slot_hashes_.size()) tap_hashes_.push_back(slot_hashes_[slot]);
  });
  std::sort(tap_hashes_.begin(), tap_hashes_.end());
  window_ = table_->Window(taps);
  masks_.UseTaps(taps);
}

void ReceiverWork::Send(const pipeline::AdmittedBatch& batch) {
  if (batch.table != table_) UseTable(batch.table);
  for (const auto* entry : batch.entries->entries()) {
    if (!(entry->taps == taps_)) UseTaps(entry->taps);
    // Of the entry as it came: the other side may be of other taps.
    const uint64_t key = traffic::PartitionKey(*entry);
    sender_.Add(key, masks_.Mask(*entry), batch.entries->node(), tap_hashes_, window_);
  }
}

void ReceiverWork::RemoveTaps(const traffic::TapSet&) {}

// While the halves' topic was never reached this one is not either, and asking takes its time.
void ReceiverWork::TellOfProxies() {
  for (const auto& proxy : proxies_->TakeChanges()) publisher_.Update(proxy);
  if (sender_.open()) publisher_.Turn();
}

void ReceiverWork::Finish(bool last) {
  if (last) {
    sender_.Finish(finish_wait_);
    publisher_.Finish(std::min(kProxiesWait, finish_wait_ / 4));
    const uint64_t lost = sender_.state().counters.closed + never_sent_;
    if (lost > 0) {
      log::For("shuffle").error("entries lost at the end, Kafka does not have them count={}", lost);
    }
    return;
  }
  if (has_room_) sender_.EndTurn();
  sender_.Publish();
  TellOfProxies();
}

// Brokers that are away for a while are no reason to send the proxies elsewhere: it keeps what comes. Without
// the topic of the proxies it only does not begin.
Status ReceiverWork::readiness() const {
  const auto state = sender_.state();
  const auto not_yet = absl::UnavailableError("not connected to Kafka yet");
  if (!state.open) return state.trouble.ok() ? not_yet : state.trouble;
  if (!state.trouble.ok() && !IsRetryable(state.trouble)) return state.trouble;
  const auto proxies = publisher_.state();
  if (proxies.open) return absl::OkStatus();
  return proxies.trouble.ok() ? not_yet : proxies.trouble;
}

void ReceiverWork::WriteMetrics(base::MetricWriter& writer) const {
  const auto state = sender_.state();
  const auto& counters = state.counters;
  writer.Counter("traffictap_shuffle_halves_produced_total",
                 "Entries that a receiver put on the way to Kafka: the sum of acknowledged, lost "
                 "and pending.",
                 {}, counters.sent);
  writer.Counter("traffictap_shuffle_halves_acked_total", "Entries that Kafka has acknowledged.",
                 {}, counters.acked);
  const auto lost = [&](const char* reason, uint64_t value) {
    writer.Counter("traffictap_shuffle_halves_lost_total",
                   "Entries lost between receiver and Kafka.", {{"reason", reason}}, value);
  };
  lost("TimedOut", counters.timed_out);
  lost("Refused", counters.refused);
  lost("Closed", counters.closed);
  lost("NeverConnected", never_sent_);
  writer.Gauge("traffictap_shuffle_halves_pending",
               "Entries on the way to Kafka that it has not acknowledged.", {}, counters.pending);
  writer.Gauge("traffictap_shuffle_halves_building", "Entries in blocks that are not complete yet.",
               {}, state.building);
  writer.Counter("traffictap_shuffle_halves_resent_total",
                 "Entries that were sent to Kafka again by a new producer. Pairers skip copies.",
                 {}, counters.resent);
  writer.Counter("traffictap_shuffle_halves_over_budget_total",
                 "Entries of which more was hidden than a tap's match may need, since its regular "
                 "expressions had had their time.",
                 {}, masks_.over_budget());
  writer.Gauge("traffictap_shuffle_pending_bytes", "Memory of blocks on the way to Kafka.", {},
               state.bytes);
  const auto proxies = publisher_.state();
  writer.Counter("traffictap_shuffle_proxies_written_total",
                 "States of proxies that a receiver wrote to the topic of the proxies.", {},
                 proxies.written);
  writer.Counter("traffictap_shuffle_proxies_failed_total",
                 "States of proxies that Kafka did not take. They are written again.", {},
                 proxies.failed);
}

}  // namespace traffictap::roles
