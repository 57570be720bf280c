// SPDX-License-Identifier: Apache-2.0

// A message is taken in this order, which is part of what makes the join a function of the log: its
// halves, then its low mark, then all that is due by then.
// Arrivals are made to ascend, each by a nanosecond at least: a half that came with an older block
// waits as if it had come with the newest one. So it waits longer by as much, and never shorter, and
// the arrivals alone tell the order in the table.
// While restoring nothing is counted and no time passes: all that is in the checkpoint. Halves that
// were emitted are told to the pairer as far back as a window reaches, so that late halves and copies
// are known; of those that are filtered it has never heard. A checkpoint that is asked for meanwhile is
// the one it began with.
#include "shuffle/partition_pairer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/log.h"
#include "fmt/format.h"

namespace traffictap::shuffle {
namespace {

// Of a block whose taps name none, and of one that was made by other rules.
constexpr base::Nanos kUsualWindow = 5 * base::kSecond;
// A receiver's numbers are remembered as long as the topic keeps its blocks, by default.
constexpr base::Nanos kSequencesKept = 7'200 * base::kSecond;
// A receiver without keys writes plain blocks all the time.
constexpr base::Nanos kRefusalsLogged = 60 * base::kSecond;

base::Nanos WindowOf(const Half& half) { return half.window == 0 ? kUsualWindow : half.window; }

}  // namespace

pairing::PairerOptions PartitionPairer::PairingOptions() {
  pairing::PairerOptions out;
  out.waiting_bytes_max = options_.waiting_bytes_max;
  out.tombstones_max = options_.tombstones_max;
  out.remember_ends = true;
  // The proxies' topic may be behind, or away: that is to change reasons alone.
  out.peers_part = false;
  out.window = [](const traffic::TapSet&) { return kUsualWindow; };
  out.lost_since = [this](pairing::PeerState peer, traffic::PeerMesh mesh, base::Nanos since) {
    return LostSince(peer, mesh, since);
  };
  return out;
}

// Where all proxies are known, those of a dead receiver are too. Which of its proxies sent what a receiver
// lost, nobody knows. An end that is not known and has a proxy may be behind a gateway, whose address the
// half has: its proxy may have sent what is lost. Of one without a proxy nothing can be.
bool PartitionPairer::LostSince(pairing::PeerState peer, traffic::PeerMesh mesh,
                                base::Nanos since) const {
  const bool known = options_.proxies != nullptr && options_.proxies->complete();
  if (known && peer != pairing::PeerState::kUnknown) return last_loss_ >= since;
  if (known && mesh != traffic::PeerMesh::kMeshed) return false;
  return std::max(last_loss_, clock_.last_death()) >= since;
}

PartitionPairer::PartitionPairer(PartitionPairerOptions options, pairing::PairConsumer* next)
    : options_(std::move(options)), pairer_(PairingOptions(), options_.proxies, next) {}

PartitionPairer::PartitionPairer(PartitionPairerOptions options, pairing::PairConsumer* next,
                                 const Checkpoint& checkpoint)
    : options_(std::move(options)),
      clock_(checkpoint.clock),
      sequences_(checkpoint.sequences),
      counters_(checkpoint.counters),
      next_offset_(checkpoint.next_offset),
      last_arrival_(checkpoint.last_arrival),
      last_loss_(checkpoint.last_loss),
      longest_window_(checkpoint.longest_window),
      skipped_(checkpoint.skipped.begin(), checkpoint.skipped.end()),
      from_(checkpoint),
      pairer_(PairingOptions(), options_.proxies, next) {
  pairer_.Restore(checkpoint.joins);
  for (const auto& receiver : checkpoint.clock.receivers) {
    Hear(receiver.name, receiver.sealed, receiver.sealed + receiver.offset, false);
  }
  if (checkpoint.read_from == checkpoint.next_offset) FinishRestoring();
}

Status PartitionPairer::Take(const PartitionMessage& message) {
  if (from_ && message.offset >= from_->next_offset) FinishRestoring();
  if (skipped_.contains(message.offset)) {
    PassOver(message);
    return absl::OkStatus();
  }
  const auto block = DecodeBlock(message.bytes, options_.cipher.get());
  const bool ours = block.ok() && (*block)->header.partition == options_.partition;
  const bool newer = absl::IsUnimplemented(block.status());
  if (newer || absl::IsFailedPrecondition(block.status())) {
    return Status(
        block.status().code(),
        fmt::format("partition {} waits at offset {}: {}{}", options_.partition, message.offset,
                    Message(block.status()),
                    newer ? ": start pairers of the newer version, before its receivers" : ""));
  }
  if (from_) {
    if (ours) ReadAgain(message, **block);
    if (message.offset + 1 >= from_->next_offset) FinishRestoring();
    return absl::OkStatus();
  }
  if (ours && options_.waits((*block)->tap_sets, message.appended)) {
    return absl::UnavailableError("its taps are not here yet");
  }
  ++counters_.blocks;
  next_offset_ = message.offset + 1;
  if (ours) {
    Read(message, **block);
  } else if (absl::IsUnauthenticated(block.status())) {
    Refuse(message, block.status());
  } else {
    Broken(message);
  }
  KeepMark(message);
  pairer_.Advance(clock_.now());
  return absl::OkStatus();
}

// Of each of the block's sets, once.
std::vector<traffic::TapSet> PartitionPairer::TapsOf(const Block& block) const {
  std::vector<traffic::TapSet> out;
  for (const auto& set : block.tap_sets) out.push_back(options_.taps(set));
  return out;
}

void PartitionPairer::Read(const PartitionMessage& message, const Block& block) {
  const size_t repeated = Number(block.header, message.appended);
  const auto taps = TapsOf(block);
  // The clock first tells when it was sealed; the time that it moves to is used after the halves.
  const base::Nanos sealed = TakeHeader(message, block.header);
  counters_.repeated += repeated;
  for (size_t i = repeated; i < block.halves.size(); ++i) {
    const Half& half = block.halves[i];
    ++counters_.received;
    half.entry->taps = taps[half.tap_set];
    if (half.entry->taps.empty()) {
      ++counters_.filtered;
      continue;
    }
    const base::Nanos oldest = message.appended - PartitionClock::kSilenceMax;
    last_arrival_ = std::max({last_arrival_ + 1, sealed - half.age, oldest});
    longest_window_ = std::max(longest_window_, WindowOf(half));
    half.entry->arrival = last_arrival_;
    if (options_.hot_ids != nullptr) options_.hot_ids->See(*half.entry);
    pairer_.Add(*half.entry, block.nodes[half.node],
                {last_arrival_, WindowOf(half), PositionOf(message.offset, i)});
  }
}

void PartitionPairer::ReadAgain(const PartitionMessage& message, const Block& block) {
  const auto& waiting = from_->waiting;
  const auto taps = TapsOf(block);
  KeepMark(message);
  for (size_t i = 0; i < block.halves.size(); ++i) {
    const Half& half = block.halves[i];
    const uint64_t position = PositionOf(message.offset, i);
    for (; found_ < waiting.size() && waiting[found_].position < position; ++found_) ++missing_;
    half.entry->taps = taps[half.tap_set];
    if (found_ == waiting.size() || waiting[found_].position != position) {
      if (!half.entry->taps.empty()) pairer_.Mark(*half.entry, block.nodes[half.node]);
      continue;
    }
    half.entry->arrival = waiting[found_].arrival;
    pairer_.Restore(*half.entry, block.nodes[half.node],
                    {waiting[found_].arrival, WindowOf(half), position});
    ++found_;
  }
}

void PartitionPairer::FinishRestoring() {
  missing_ += from_->waiting.size() - found_;
  pairing::JoinCounters joins = from_->joins;
  joins.kept -= std::min(joins.kept, missing_);
  counters_.received -= std::min(counters_.received, missing_);
  pairer_.Restore(joins);
  if (missing_ > 0) {
    log::For("shuffle").warn(
        "halves that waited are gone from the log: is its retention too short? partition={} "
        "halves={}",
        options_.partition, missing_);
    Lose(missing_, clock_.now());
  }
  from_.reset();
}

// Not even its header is looked at: its halves are missed as soon as its receiver's next block comes.
void PartitionPairer::PassOver(const PartitionMessage& message) {
  KeepMark(message);
  if (from_) {
    if (message.offset + 1 >= from_->next_offset) FinishRestoring();
    return;
  }
  ++counters_.blocks;
  ++counters_.skipped_blocks;
  next_offset_ = message.offset + 1;
  log::For("shuffle").error(
      "block skipped, pairers have died of it partition={} offset={} bytes={}", options_.partition,
      message.offset, message.bytes.size());
}

void PartitionPairer::Broken(const PartitionMessage& message) {
  ++counters_.broken_blocks;
  log::For("shuffle").warn("block skipped, it is broken partition={} offset={} bytes={}",
                           options_.partition, message.offset, message.bytes.size());
  // Without a header its halves are missed as soon as its receiver's next block comes.
  const auto header = DecodeHeader(message.bytes);
  if (!header.ok() || header->partition != options_.partition) return;
  // It may be anybody's, as nobody vouches for its header.
  if (header->encryption) return;
  const size_t repeated = Number(*header, message.appended);
  Lose(header->count - repeated, TakeHeader(message, *header));
}

// Its header is not looked at either: who forges blocks could make others count as lost or as copies, and
// time pass.
void PartitionPairer::Refuse(const PartitionMessage& message, const Status& why) {
  ++counters_.refused_blocks;
  if (message.appended < refusal_logged_ + kRefusalsLogged) return;
  refusal_logged_ = message.appended;
  log::For("shuffle").error(
      "block refused, more of the next minute are only counted partition={} offset={} err=\"{}\"",
      options_.partition, message.offset, Message(why));
}

base::Nanos PartitionPairer::TakeHeader(const PartitionMessage& message,
                                        const BlockHeader& header) {
  const base::Nanos sealed = clock_.Take(
      {header.receiver, message.appended, header.sealed, header.greatest_age, header.bye});
  Hear(header.receiver, header.sealed, sealed, header.bye);
  return sealed;
}

void PartitionPairer::Hear(const std::string& receiver, base::Nanos theirs, base::Nanos ours,
                           bool bye) {
  if (options_.proxies != nullptr && !receiver.empty()) {
    options_.proxies->Heard(receiver, theirs, ours, bye);
  }
}

size_t PartitionPairer::Number(const BlockHeader& header, base::Nanos appended) {
  if (header.receiver.empty()) return 0;
  const auto [at, fresh] = sequences_.try_emplace(header.receiver);
  Sequence& sequence = at->second;
  if (fresh) {
    sequence.next = 1;
    std::erase_if(sequences_, [&](const auto& known) {
      return known.first != header.receiver && appended - known.second.appended > kSequencesKept;
    });
  }
  sequence.appended = appended;
  const uint64_t first = header.first_sequence;
  if (first > sequence.next) Lose(first - sequence.next, appended);
  const uint64_t ahead = sequence.next > first ? sequence.next - first : 0;
  sequence.next = std::max(sequence.next, first + header.count);
  return std::min<uint64_t>(ahead, header.count);
}

void PartitionPairer::Lose(uint64_t halves, base::Nanos at) {
  counters_.lost += halves;
  if (halves > 0) last_loss_ = std::max(last_loss_, at);
}

void PartitionPairer::KeepMark(const PartitionMessage& message) {
  if (marks_.empty() || message.appended - marks_.back().first >= base::kSecond) {
    marks_.emplace_back(message.appended, message.offset);
  }
  // The first one that stays is older than a window, so that none within it is missed.
  while (marks_.size() > 1 && marks_[1].first < clock_.now() - longest_window_) marks_.pop_front();
}

Checkpoint PartitionPairer::Note() const {
  if (from_) return *from_;
  Checkpoint out;
  out.next_offset = next_offset_;
  out.clock = clock_.state();
  out.last_arrival = last_arrival_;
  out.last_loss = last_loss_;
  out.longest_window = longest_window_;
  out.sequences = sequences_;
  out.counters = counters_;
  out.joins = pairer_.counters();
  pairer_.ForEachWaiting([&](const pairing::HalfTime& half) {
    out.waiting.push_back({half.arrival, 0, half.position});
  });
  std::ranges::sort(out.waiting, {}, &pairing::HalfTime::position);
  out.read_from = marks_.empty() ? next_offset_ : std::min(next_offset_, marks_.front().second);
  if (!out.waiting.empty()) {
    out.read_from = std::min(out.read_from, OffsetOf(out.waiting.front().position));
  }
  out.skipped.assign(skipped_.lower_bound(out.read_from), skipped_.end());
  return out;
}

}  // namespace traffictap::shuffle
