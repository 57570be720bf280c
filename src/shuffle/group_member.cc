// SPDX-License-Identifier: Apache-2.0

// The order that all rests on: records are with the outputs, then the state is noted, then the outputs
// settle, then the checkpoint is written, then the offset is committed. What is killed in between has
// committed nothing that an output does not have.
// A revocation is answered at the end of the turn, since only then are its records with the outputs;
// until then no message comes, as Poll is not called.
// Counters of joins are told by process, so that they only grow: those of former owners are taken off.
// A half may have been taken by one owner and joined by the next: `kept` follows from the others.
#include "shuffle/group_member.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>
#include <utility>

#include "base/counters.h"
#include "base/log.h"
#include "fmt/format.h"

namespace traffictap::shuffle {
namespace {

// Of one turn: what it made is with the outputs only at its end, and a transaction waits for it.
constexpr size_t kMessagesMax = 256;
constexpr base::Nanos kTakeMax = 500 * base::kMillisecond;
constexpr base::Nanos kTickEvery = base::kSecond;
// Finished keys that are remembered: of all partitions, and the bounds of one.
constexpr size_t kTombstones = size_t{1} << 20;
constexpr size_t kTombstonesMin = size_t{1} << 12;
constexpr size_t kTombstonesMax = size_t{1} << 15;

void AddSince(const pairing::JoinCounters& now, const pairing::JoinCounters& before,
              pairing::JoinCounters* sum) {
  pairing::JoinCounters::Visit([](std::string_view, std::string_view, uint64_t newer,
                                  uint64_t older, uint64_t& to) { to += newer - older; },
                               now, before, *sum);
}

}  // namespace

GroupMember::GroupMember(GroupMemberOptions options, PairerLog* log, pairing::PairConsumer* next,
                         const base::Clock* clock)
    : options_(std::move(options)), log_(log), next_(next), clock_(clock) {}

void GroupMember::Sleep(base::Nanos wait) {
  std::this_thread::sleep_for(std::chrono::nanoseconds(wait));
}

bool GroupMember::Opened() {
  if (open_) return true;
  if (clock_->Monotonic() < open_at_) return false;
  if (const Status opened = log_->Open(); !opened.ok()) {
    if (opened != trouble_) {
      log::For("shuffle").error("cannot join the group of pairers err=\"{}\"", Message(opened));
    }
    trouble_ = opened;
    open_at_ = clock_->Monotonic() + options_.retry_wait;
    return false;
  }
  trouble_ = absl::OkStatus();
  open_ = true;
  return true;
}

void GroupMember::Reopen(const Status& why) {
  log::For("shuffle").error("leaves the group of pairers, to join it again err=\"{}\"",
                            Message(why));
  Abort();
  log_->Close();
  Drop();
  trouble_ = why;
  open_ = joined_ = false;
  open_at_ = clock_->Monotonic() + options_.retry_wait;
}

void GroupMember::Turn(base::Nanos wait) {
  if (!Opened()) return Sleep(wait);
  if (frozen_ || clock_->Monotonic() < calm_until_) return Sleep(std::min(wait, kSettleStep));
  if (waiting_) TakeAgain();
  if (waiting_) return Sleep(wait);
  if (named_) return;
  const base::Nanos until = clock_->Monotonic() + wait + kTakeMax;
  for (size_t taken = 0; taken < kMessagesMax && open_ && !revoked_ && !waiting_; ++taken) {
    LogEvent event = log_->Poll(taken == 0 ? wait : 0);
    switch (event.kind) {
      case LogEvent::Kind::kNothing: return;
      case LogEvent::Kind::kMessage:
        Take(event);
        if (named_) return;
        break;
      case LogEvent::Kind::kAssigned: Assign(event.partitions); break;
      case LogEvent::Kind::kRevoked: revoked_ = std::move(event); break;
    }
    if (clock_->Monotonic() >= until) return;
  }
}

void GroupMember::Assign(const std::vector<uint32_t>& partitions, bool again) {
  Drop();
  auto committed = log_->ReadCommitted(partitions);
  if (!committed.ok()) return Reopen(committed.status());
  std::map<uint32_t, int64_t> offsets;
  trouble_ = absl::OkStatus();
  for (const uint32_t partition : partitions) {
    int64_t begin = PairerLog::kBeginning;
    const Status owned = Own(partition, partitions.size(), (*committed)[partition], again, &begin);
    if (!owned.ok()) return Reopen(owned);
    offsets[partition] = begin;
  }
  if (const Status begun = log_->Begin(offsets); !begun.ok()) return Reopen(begun);
  if (!again) GuardAssigned();
  joined_ = true;
  noted_at_ = clock_->Monotonic();
  log::For("shuffle").info("partitions assigned count={}", partitions.size());
}

Status GroupMember::Own(uint32_t partition, size_t of, const CommittedState& committed, bool again,
                        int64_t* begin) {
  PartitionPairerOptions options;
  options.partition = partition;
  options.waiting_bytes_max = std::max<size_t>(1, options_.waiting_bytes_max / of);
  options.tombstones_max = std::clamp(kTombstones / of, kTombstonesMin, kTombstonesMax);
  options.taps = options_.taps;
  options.waits = options_.waits;
  options.hot_ids = options_.hot_ids;
  options.proxies = options_.proxies;
  options.cipher = options_.cipher;
  Partition one;
  one.heard = clock_->Monotonic();
  // Whoever has it again has not died of what was in hand: that is to be cleared.
  one.guard = again ? committed.guard : committed.guard.Next();
  if (one.guard.careful()) {
    const auto end = log_->End(partition);
    if (!end.ok()) return end.status();
    one.careful_until = *end;
  }
  if (committed.checkpoint) {
    const auto decoded = DecodeCheckpoint(*committed.checkpoint);
    if (!decoded.ok()) {
      return Status(decoded.status().code(),
                    fmt::format("partition {}: {}", partition, Message(decoded.status())));
    }
    one.pairer = std::make_unique<PartitionPairer>(std::move(options), next_, *decoded);
    one.joins_before = decoded->joins;
    one.blocks_saved = decoded->counters.blocks;
    *begin = decoded->read_from;
  } else {
    one.pairer = std::make_unique<PartitionPairer>(std::move(options), next_);
  }
  one.pairer->Skip(one.guard.skipped);
  owned_[partition] = std::move(one);
  return absl::OkStatus();
}

// Where it fails, the partitions are another member's or the log is away: then nobody dies of a block.
void GroupMember::GuardAssigned() {
  std::map<uint32_t, CrashGuard> guards;
  for (const auto& [partition, one] : owned_) {
    guards[partition] = one.guard;
    if (!one.guard.careful()) continue;
    log::For("shuffle").error(
        "its owners die before they save anything, now block by block partition={} owners={}",
        partition, one.guard.takeovers);
  }
  if (guards.empty()) return;
  if (const Status guarded = log_->Guard(guards); !guarded.ok()) {
    log::For("shuffle").warn("takeover not noted partitions={} err=\"{}\"", guards.size(),
                             Message(guarded));
  }
}

// What was in hand before is done, in whichever partition: whoever dies now has not died of it.
void GroupMember::Name(uint32_t partition, int64_t offset) {
  in_hand_ = offset != CrashGuard::kNone;
  std::map<uint32_t, CrashGuard> guards;
  for (auto& [other, one] : owned_) {
    const int64_t in_hand = other == partition ? offset : CrashGuard::kNone;
    if (std::exchange(one.guard.in_hand, in_hand) != in_hand) guards[other] = one.guard;
  }
  if (guards.empty() || log_->Guard(guards).ok()) return;
  // Unnamed it is taken all the same: a log that is away would hold the partition up otherwise.
  owned_[partition].guard.in_hand = CrashGuard::kNone;
}

// Of what it has taken it has not died, though it may have had nothing to save.
void GroupMember::ClearGuards() {
  std::map<uint32_t, CrashGuard> guards;
  for (const auto& [partition, one] : owned_) {
    if (one.guard.takeovers == 0 && one.guard.in_hand == CrashGuard::kNone) continue;
    guards[partition] = {0, CrashGuard::kNone, one.guard.skipped};
  }
  if (guards.empty() || !log_->Guard(guards).ok()) return;
  for (const auto& [partition, guard] : guards) owned_[partition].guard = guard;
}

void GroupMember::Take(const LogEvent& event) {
  const auto found = owned_.find(event.partition);
  if (found == owned_.end() || found->second.held) return;
  found->second.heard = clock_->Monotonic();
  TellTime(&found->second, event.appended);
  const bool careful = event.offset < found->second.careful_until;
  named_ = named_ || careful;
  if (careful || in_hand_) Name(event.partition, careful ? event.offset : CrashGuard::kNone);
  const Status taken = found->second.pairer->Take({event.offset, event.appended, event.bytes});
  if (absl::IsUnavailable(taken)) {
    waiting_.emplace(event, std::string(event.bytes));
    // Nothing was taken: whoever dies while it waits has not died of it.
    Name(event.partition, CrashGuard::kNone);
  } else if (!taken.ok()) {
    Hold(event.partition, taken);
  }
}

void GroupMember::TakeAgain() {
  auto [event, bytes] = *std::exchange(waiting_, std::nullopt);
  event.bytes = bytes;
  Take(event);
}

// What is read again brings no records.
void GroupMember::TellTime(Partition* one, base::Nanos appended) const {
  const base::Nanos passed = one->appended == 0 ? 0 : appended - one->appended;
  if (passed > 0 && one->pairer->restored()) options_.time_passed(passed, owned_.size());
  one->appended = std::max(one->appended, appended);
}

void GroupMember::Hold(uint32_t partition, const Status& why) {
  log::For("shuffle").error("partition is not read any more partition={} err=\"{}\"", partition,
                            Message(why));
  Partition& one = owned_[partition];
  one.held = true;
  trouble_ = why;
  // It was refused and not taken: the next owner has to see it, whatever becomes of this one.
  Name(partition, CrashGuard::kNone);
  log_->Pause(partition);
}

void GroupMember::RemoveTaps(const traffic::TapSet& removed) {
  for (auto& [partition, one] : owned_) one.pairer->RemoveTaps(removed);
}

void GroupMember::EndTurn() {
  if (std::exchange(named_, false) && (!hung_ || Settled(*hung_))) {
    hung_ = options_.outputs();
    AwaitOutputs(*hung_, options_.careful_wait);
    if (Settled(*hung_)) hung_.reset();
  }
  if (revoked_) {
    Revoke(*std::exchange(revoked_, std::nullopt));
  } else if (open_) {
    SaveWhenDue();
    WriteTicks();
  }
  Publish();
}

void GroupMember::Revoke(const LogEvent& event) {
  if (!event.lost) SaveBeforeRelease();
  if (!event.failed.ok()) return Reopen(event.failed);
  Drop();
  log_->Release();
  log::For("shuffle").info("partitions revoked lost={}", event.lost);
}

void GroupMember::Leave() {
  if (open_) {
    if (!revoked_ || !revoked_->lost) SaveBeforeRelease();
    Abort();
    log_->Close();
  }
  revoked_.reset();
  Drop();
  open_ = joined_ = false;
  Publish();
}

void GroupMember::Abort() {
  if (log_->InTransaction()) log_->Abort();
}

// What is in a transaction by now is nobody's.
void GroupMember::Drop() {
  Abort();
  for (const auto& [partition, one] : owned_) {
    if (one.pairer->restored()) AddSince(one.pairer->joins(), one.joins_before, &joins_past_);
  }
  joins_past_.waiting = 0;
  owned_.clear();
  waiting_.reset();
  ForgetNotes();
}

void GroupMember::WriteTicks() {
  const base::Nanos now = clock_->Monotonic();
  for (auto& [partition, one] : owned_) {
    if (one.held || now - one.heard < kTickEvery || !one.pairer->NeedsTime()) continue;
    BlockHeader tick;
    tick.partition = partition;
    log_->Append(partition, BlockEncoder().Seal(std::move(tick), now, options_.cipher.get()));
    one.heard = now;
  }
}

pairing::JoinCounters GroupMember::Joins() const {
  pairing::JoinCounters out = joins_past_;
  uint64_t waiting = 0;  // now
  for (const auto& [partition, one] : owned_) {
    if (!one.pairer->restored()) continue;
    AddSince(one.pairer->joins(), one.joins_before, &out);
    waiting += one.pairer->joins().waiting;
  }
  out.waiting = waiting;
  out.kept = std::accumulate(
      out.orphans.begin(), out.orphans.end(),
      2 * out.pairs + out.retries + out.duplicates + out.open + out.intermediate + out.waiting);
  return out;
}

void GroupMember::Publish() {
  MemberState out;
  out.trouble = trouble_;
  if (out.trouble.ok() && clock_->Monotonic() < told_until_) out.trouble = transaction_trouble_;
  if (out.trouble.ok() && open_) out.trouble = log_->status();
  out.joined = joined_;
  out.partitions = owned_.size();
  for (const auto& [partition, one] : owned_) {
    const PartitionPairer& pairer = *one.pairer;
    out.read_until = std::min(out.read_until, pairer.now());
    out.partitions_held += one.held ? 1 : 0;
    base::AddCounters(pairer.counters(), &out.counters);
    out.waiting_bytes += pairer.waiting_bytes();
    if (!pairer.restored()) continue;
    out.behind += log_->Behind(partition, pairer.Position());
    if (pairer.joins().waiting == 0) continue;
    out.delay = std::max(out.delay, clock_->Wall() - pairer.now());
  }
  out.joins = Joins();
  out.checkpoints = checkpoints_;
  out.checkpoints_failed = checkpoints_failed_;
  out.transactions_aborted = transactions_aborted_;
  absl::MutexLock lock(&mutex_);
  state_ = std::move(out);
}

MemberState GroupMember::state() const {
  absl::MutexLock lock(&mutex_);
  return state_;
}

}  // namespace traffictap::shuffle
