// SPDX-License-Identifier: Apache-2.0
#include "roles/pairer_work.h"

#include <algorithm>
#include <utility>

#include "pipeline/proxy_directory.h"
#include "shuffle/half_block.h"
#include "shuffle/partition_clock.h"

namespace traffictap::roles {
namespace {

// By both a receiver is dead.
static_assert(pipeline::ProxyDirectory::kReceiverSilence == shuffle::PartitionClock::kSilenceMax);

// How long halves wait for a tap that the operator is about to send: as long as it waits for pairers.
constexpr base::Nanos kTapsPatience = 5 * base::kSecond;
// Taps that are remembered as absent: as many as were removed while the process lived.
constexpr size_t kAbsentMax = 1 << 16;

}  // namespace

// Of what an output was offered. Records of a durable one are settled once they are on disk: the spool has
// them over a restart. Those that it found there count among the delivered and dropped ones, but were never
// offered: as many are taken off, so that while they still wait no checkpoint comes early for them. What is
// on disk, or never got there, counts whatever becomes of these.
shuffle::OutputsProgress ProgressOf(const pipeline::PipelineSnapshot& snapshot) {
  shuffle::OutputsProgress out;
  for (const auto& tap : snapshot.taps) {
    for (const auto& [name, counters] : tap.outputs) {
      uint64_t settled = counters.delivered + counters.kept;
      for (const uint64_t dropped : counters.dropped) settled += dropped;
      settled -= std::min(settled, counters.recovered);
      if (counters.spooled > 0 || counters.recovered > 0) {
        const auto full = static_cast<size_t>(sinks::DropReason::kQueueFull);
        settled = std::max(settled, counters.spooled + counters.dropped[full]);
      }
      out[tap.tap + " " + name] = {counters.offered, settled};
    }
  }
  return out;
}

PairerWork::PairerWork(shuffle::GroupMemberOptions options, std::unique_ptr<shuffle::PairerLog> log,
                       shuffle::ProxyReaderOptions proxies,
                       std::unique_ptr<shuffle::ProxyLog> proxy_log, const base::Clock* clock,
                       uint32_t partitions)
    : options_(std::move(options)),
      log_(std::move(log)),
      clock_(clock),
      proxy_options_(std::move(proxies)),
      proxy_log_(std::move(proxy_log)) {
  time_.partitions = std::max<uint32_t>(1, partitions);
  options_.waits = [this](const auto& sets, base::Nanos appended) { return Waits(sets, appended); };
  options_.time_passed = [this](base::Nanos passed, size_t owned) {
    time_.elapsed += passed;
    time_.owned = static_cast<uint32_t>(owned);
  };
  options_.taps = [this](std::span<const uint64_t> hashes) { return TapsOf(hashes); };
  options_.hot_ids = &hot_ids_;
}

void PairerWork::Start(pairing::PairConsumer* next, pipeline::ProxyDirectory* proxies) {
  options_.proxies = proxies;
  proxy_reader_ =
      std::make_unique<shuffle::ProxyReader>(proxy_options_, proxy_log_.get(), proxies, clock_);
  member_ = std::make_unique<shuffle::GroupMember>(options_, log_.get(), next, clock_);
}

bool PairerWork::Take(pipeline::AdmittedQueue* queue,
                      const std::shared_ptr<pipeline::TapsInForce>& taps, base::Nanos wait) {
  if (queue->closed()) return false;
  // Without taps all halves would be passed over.
  if (!taps) {
    queue->PopAll(wait);
    return false;
  }
  if (taps->table != table_) UseTable(taps->table);
  member_->Turn(wait);
  return false;
}

void PairerWork::UseTable(const pipeline::TapTablePtr& table) {
  if (!begun_) begun_ = clock_->Wall();
  // Those that go are not to be waited for.
  for (const auto& [hash, slot] : slots_) absent_[hash] = 0;
  table_ = table;
  slots_.clear();
  for (size_t slot = 0; slot < table->specs().size(); ++slot) {
    const auto& spec = table->specs()[slot];
    if (!spec) continue;
    const uint64_t hash = shuffle::TapHash(spec->key());
    slots_[hash] = slot;
    absent_.erase(hash);
  }
}

// What was appended before there were any taps here is of taps that are gone.
bool PairerWork::Waits(const std::vector<std::vector<uint64_t>>& sets, base::Nanos appended) {
  if (appended <= begun_.value_or(appended)) return false;
  const base::Nanos now = clock_->Monotonic();
  if (absent_.size() > kAbsentMax) absent_.clear();
  bool out = false;
  for (const auto& set : sets) {
    for (const uint64_t hash : set) {
      if (slots_.contains(hash)) continue;
      const auto [at, fresh] = absent_.try_emplace(hash, now + kTapsPatience);
      out = out || now < at->second;
    }
  }
  return out;
}

traffic::TapSet PairerWork::TapsOf(std::span<const uint64_t> hashes) const {
  traffic::TapSet out;
  for (const uint64_t hash : hashes) {
    const auto found = slots_.find(hash);
    if (found != slots_.end()) out.Add(found->second);
  }
  return out;
}

void PairerWork::RemoveTaps(const traffic::TapSet& removed) { member_->RemoveTaps(removed); }

void PairerWork::Finish(bool last) {
  if (last) {
    member_->Leave();
    return proxy_reader_->Close();
  }
  member_->EndTurn();
  proxy_reader_->Turn();
  if (const auto hot = hot_ids_.Look(clock_->Monotonic())) pairing::LogHotId(*hot);
}

base::Nanos PairerWork::read_until() const {
  const auto state = member_->state();
  return state.partitions == 0 ? INT64_MIN : state.read_until;
}

Status PairerWork::readiness() const {
  const auto state = member_->state();
  if (!state.trouble.ok()) return state.trouble;
  if (!state.joined) {
    return absl::UnavailableError("the group of pairers has not let it in yet");
  }
  // Once it has been read its absence is no reason not to join halves.
  const auto proxies = proxy_reader_->state();
  if (proxies.begun) return absl::OkStatus();
  return proxies.trouble.ok()
             ? absl::UnavailableError("the topic of the proxies has not been read yet")
             : proxies.trouble;
}

void PairerWork::WriteProxyMetrics(base::MetricWriter& writer) const {
  const auto state = proxy_reader_->state();
  writer.Gauge("traffictap_shuffle_proxies",
               "Proxies that this pairer knows from receivers. A proxy counts for each receiver "
               "that it sends to.",
               {}, state.proxies);
  writer.Gauge("traffictap_shuffle_proxies_complete",
               "1 if this pairer has read all that receivers say of proxies. Otherwise the "
               "reasons of one-sided records are less exact.",
               {}, state.complete ? 1 : 0);
  shuffle::ProxyReaderCounters::Visit(
      [&](const char*, const char* reason, uint64_t value) {
        writer.Counter("traffictap_shuffle_proxies_skipped_total",
                       "Messages about proxies that this pairer did not take. The log says why.",
                       {{"reason", reason}}, value);
      },
      state.counters);
}

void PairerWork::WriteMetrics(base::MetricWriter& writer) const {
  const auto state = member_->state();
  const auto& counters = state.counters;
  writer.Gauge("traffictap_shuffle_partitions", "Partitions that this pairer owns.", {},
               state.partitions);
  writer.Gauge("traffictap_shuffle_partitions_held",
               "Of those: partitions that it cannot read. The log says why.", {},
               state.partitions_held);
  const auto halves = [&](const char* result, uint64_t value) {
    writer.Gauge("traffictap_shuffle_partition_halves",
                 "Entries of the partitions that this pairer owns, since the beginning of each, by "
                 "result. What Kafka acknowledged to receivers is the sum of taken, filtered and "
                 "lost, once nothing is behind.",
                 {{"result", result}}, value);
  };
  halves("taken", counters.received - counters.filtered);
  halves("filtered", counters.filtered);
  halves("lost", counters.lost);
  halves("repeated", counters.repeated);
  writer.Gauge("traffictap_shuffle_partition_broken_blocks",
               "Blocks of these partitions that could not be read.", {}, counters.broken_blocks);
  writer.Gauge(
      "traffictap_shuffle_partition_skipped_blocks",
      "Blocks of these partitions that are not read, since pairers have died of them. The log "
      "names them.",
      {}, counters.skipped_blocks);
  writer.Gauge(
      "traffictap_shuffle_partition_refused_blocks",
      "Blocks of these partitions that were not encrypted with a key of this installation, "
      "though that is required, or were altered. Their entries are lost.",
      {}, counters.refused_blocks);
  writer.Gauge("traffictap_shuffle_behind_messages",
               "Messages of these partitions that are not read yet.", {}, state.behind);
  writer.Gauge("traffictap_shuffle_delay_seconds",
               "How far behind the time of the slowest partition is in which something waits.", {},
               static_cast<double>(state.delay) / base::kSecond);
  writer.Counter("traffictap_shuffle_checkpoints_total", "Checkpoints of partitions saved.", {},
                 state.checkpoints);
  writer.Counter("traffictap_shuffle_checkpoints_failed_total",
                 "Checkpoints of partitions not saved.", {}, state.checkpoints_failed);
  writer.Counter(
      "traffictap_shuffle_transactions_aborted_total",
      "Transactions of outputs with delivery.class ExactlyOnce that were aborted. What was in "
      "them is taken again.",
      {}, state.transactions_aborted);
  WriteProxyMetrics(writer);
}

}  // namespace traffictap::roles
