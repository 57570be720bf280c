// SPDX-License-Identifier: Apache-2.0

// What always holds (under mutex_): recovered + appended = acked + full + expired + damaged + held,
// and of a segment records = acked + what is in reading_ + what was not read. A failed call changes
// nothing, so every caller may try again; what a failed write leaves behind the readable bytes of a
// segment is written over or passed over.
// The disk can fail late: what the kernel has taken may be given up by a failed fsync, after which
// reading shows it all the same. So what is not on the disk for sure is kept in memory (unsynced_)
// and written again to the same place, which leaves every position as it was.
// What is being read is never evicted: it is in the hands of the output, and counts as either
// delivered or dropped there.
#include "sinks/spool/spool.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "base/log.h"
#include "fmt/format.h"
#include "sinks/spool/spool_names.h"

namespace traffictap::sinks {
namespace {

constexpr int kSegmentsInSpool = 8;
// A segment that is done stays for a while, as it would be made anew with the next record.
constexpr base::Nanos kDoneStays = 60 * base::kSecond;

Status NotOpen() { return absl::UnavailableError("spool: not open"); }

}  // namespace

Spool::Spool(std::unique_ptr<SpoolDisk> disk, SpoolOptions options)
    : options_(std::move(options)), disk_(std::move(disk)) {}

Spool::~Spool() = default;

uint64_t Spool::segment_bytes_max() const {
  return std::clamp(options_.bytes_max / kSegmentsInSpool, options_.segment_bytes_min,
                    options_.segment_bytes_max);
}

base::Nanos Spool::segment_age_max() const { return options_.age_max / kSegmentsInSpool; }

void Spool::Publish() {
  absl::MutexLock lock(&counters_mutex_);
  counters_ = now_;
}

SpoolCounters Spool::counters() const {
  absl::MutexLock lock(&counters_mutex_);
  return counters_;
}

Status Spool::Open() {
  absl::MutexLock lock(&mutex_);
  if (open_) return absl::OkStatus();
  TT_RETURN_IF_ERROR(disk_->Open());
  if (!recovered_) TT_RETURN_IF_ERROR(Recover());
  recovered_ = open_ = true;
  Publish();
  return absl::OkStatus();
}

Status Spool::Append(std::string_view bytes, uint32_t records) {
  absl::MutexLock lock(&mutex_);
  if (!open_) return NotOpen();
  const absl::Cleanup publish = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { Publish(); };
  const base::Nanos now = options_.clock->Monotonic();
  const std::string block = MakeBlock(bytes, records, options_.clock->Wall());
  if (torn_ || unsynced_.size() >= options_.unsynced_bytes_max) TT_RETURN_IF_ERROR(SyncLocked());
  const auto active = segments_.find(active_);
  const bool roll =
      active == segments_.end() ||
      (active->second.bytes > 0 && (active->second.bytes + block.size() > segment_bytes_max() ||
                                    now - active->second.begun >= segment_age_max()));
  if (roll) TT_RETURN_IF_ERROR(Roll());
  TT_RETURN_IF_ERROR(MakeRoom(block.size()));
  Segment& segment = segments_.at(active_);
  TT_RETURN_IF_ERROR(disk_->Write(SegmentName(active_), segment.bytes, block));
  if (unsynced_.empty()) unsynced_since_ = now;
  unsynced_ += block;
  segment.bytes += block.size();
  segment.file_bytes = segment.bytes;
  segment.records += records;
  segment.newest = now;
  now_.appended += records;
  now_.held += records;
  now_.bytes += block.size();
  return absl::OkStatus();
}

// The ledger names the new one before it has a record.
Status Spool::Roll() {
  TT_RETURN_IF_ERROR(SyncLocked());
  const uint64_t number = next_number_;
  const base::Nanos now = options_.clock->Monotonic();
  Segment segment;
  segment.number = number;
  segment.begun = segment.newest = now;
  segments_[number] = segment;
  if (const Status named = WriteLedger(); !named.ok()) {
    segments_.erase(number);
    return named;
  }
  active_ = number;
  ++next_number_;
  synced_bytes_ = 0;
  return absl::OkStatus();
}

Status Spool::MakeRoom(uint64_t bytes) {
  while (now_.bytes + bytes > options_.bytes_max) {
    const auto oldest = std::find_if(segments_.begin(), segments_.end(), [&](const auto& entry) {
      mutex_.AssertHeld();
      return entry.first != active_ && (reading_.empty() || entry.first > read_.segment);
    });
    if (oldest == segments_.end()) {
      return absl::ResourceExhaustedError(
          "spool: full, and what it holds is being delivered: raise delivery.maxSize");
    }
    TT_RETURN_IF_ERROR(Evict(oldest->first, &now_.full));
  }
  return absl::OkStatus();
}

Status Spool::Evict(uint64_t number, uint64_t* counter) {
  const Segment& segment = segments_.at(number);
  const uint64_t left = segment.records - segment.acked;
  TT_RETURN_IF_ERROR(RemoveSegment(number));
  *counter += left;
  now_.held -= left;
  if (left > 0) {
    log::For("sinks").warn("spool dropped its oldest records output=\"{}\" records={} reason={}",
                           options_.name, left, counter == &now_.full ? "full" : "expired");
  }
  return absl::OkStatus();
}

// The ledger no longer names a file before the file goes: a crash in between leaves a file too many
// and never a record without a trace.
Status Spool::RemoveSegment(uint64_t number) {
  auto segment = segments_.extract(number);
  if (const Status written = WriteLedger(); !written.ok()) {
    segments_.insert(std::move(segment));
    return written;
  }
  now_.bytes -= segment.mapped().file_bytes;
  if (number == active_) {
    active_ = 0;
    unsynced_.clear();
    torn_ = false;
    now_.synced = now_.appended;
  }
  // Left behind, it goes with the next recovery.
  (void)disk_->Remove(SegmentName(number));
  return absl::OkStatus();
}

Status Spool::WriteLedger() {
  SpoolLedger ledger;
  ledger.acked = acked_;
  for (const auto& [number, segment] : segments_) {
    if (number == acked_.segment) ledger.acked_records = segment.acked;
    // What may not be on the disk yet would be missed after a crash of the machine.
    const uint64_t unsynced = number == active_ ? now_.appended - now_.synced : 0;
    ledger.records[number] = segment.records - unsynced;
  }
  TT_RETURN_IF_ERROR(disk_->Replace(kLedgerName, ledger.Write()));
  ledger_due_ = false;
  ledger_at_ = options_.clock->Monotonic();
  return absl::OkStatus();
}

Status Spool::Sync() {
  absl::MutexLock lock(&mutex_);
  if (!open_) return NotOpen();
  const Status synced = SyncLocked();
  Publish();
  return synced;
}

Status Spool::SyncLocked() {
  if (unsynced_.empty()) return absl::OkStatus();
  const std::string name = SegmentName(active_);
  if (torn_) TT_RETURN_IF_ERROR(disk_->Write(name, synced_bytes_, unsynced_));
  torn_ = true;
  TT_RETURN_IF_ERROR(disk_->Sync(name));
  torn_ = false;
  synced_bytes_ = segments_.at(active_).bytes;
  unsynced_.clear();
  now_.synced = now_.appended;
  return absl::OkStatus();
}

Status Spool::Poll() {
  absl::MutexLock lock(&mutex_);
  if (!open_) return NotOpen();
  const absl::Cleanup publish = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { Publish(); };
  const base::Nanos now = options_.clock->Monotonic();
  if (!unsynced_.empty() && now - unsynced_since_ >= options_.sync_interval) {
    TT_RETURN_IF_ERROR(SyncLocked());
  }
  TT_RETURN_IF_ERROR(Expire());
  TT_RETURN_IF_ERROR(DropDone());
  return ledger_due_ && now - ledger_at_ >= options_.sync_interval ? WriteLedger()
                                                                   : absl::OkStatus();
}

Status Spool::Expire() {
  const base::Nanos now = options_.clock->Monotonic();
  for (auto next = segments_.begin(); next != segments_.end();) {
    const Segment segment = (next++)->second;
    if (segment.records == segment.acked) continue;
    if (now - segment.newest < options_.age_max) return absl::OkStatus();
    if (!reading_.empty() && segment.number <= read_.segment) continue;
    TT_RETURN_IF_ERROR(Evict(segment.number, &now_.expired));
  }
  return absl::OkStatus();
}

// Segments of which everything is settled.
Status Spool::DropDone() {
  const base::Nanos now = options_.clock->Monotonic();
  for (auto next = segments_.begin(); next != segments_.end();) {
    const Segment segment = (next++)->second;
    if (segment.acked < segment.records) return absl::OkStatus();
    const bool stays = segment.number == active_ && segment.bytes < options_.segment_bytes_min &&
                       now - segment.begun < kDoneStays;
    if (!stays) TT_RETURN_IF_ERROR(RemoveSegment(segment.number));
  }
  return absl::OkStatus();
}

StatusOr<std::optional<SpooledBlock>> Spool::Read() {
  absl::MutexLock lock(&mutex_);
  if (!open_) return std::optional<SpooledBlock>();
  const absl::Cleanup publish = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { Publish(); };
  for (;;) {
    const auto at = segments_.lower_bound(read_.segment);
    if (at == segments_.end()) return std::optional<SpooledBlock>();
    if (at->first != read_.segment) read_ = {at->first, 0};
    if (read_.offset >= at->second.bytes) {
      const auto next = std::next(at);
      if (next == segments_.end()) return std::optional<SpooledBlock>();
      read_ = {next->first, 0};
      continue;
    }
    std::optional<SpooledBlock> out;
    TT_RETURN_IF_ERROR(ReadAt(&at->second, &out));
    if (!out) continue;
    read_ = out->end;
    reading_.push_back({out->end, out->records});
    return out;
  }
}

// Nothing where what stands there is damaged: that is counted and passed over.
Status Spool::ReadAt(Segment* segment, std::optional<SpooledBlock>* out) {
  const std::string name = SegmentName(segment->number);
  const uint64_t left = segment->bytes - read_.offset;
  const auto head_bytes = disk_->Read(name, read_.offset, BlockHead::kBytes);
  if (!head_bytes.ok()) return head_bytes.status();
  const auto head = BlockHead::Read(*head_bytes);
  if (!head || head->block_size() > left) {
    uint64_t unread = segment->records - segment->acked;
    for (const Reading& one : reading_) {
      if (one.end.segment == segment->number) unread -= one.records;
    }
    PassDamaged(segment, segment->bytes, unread);
    return absl::OkStatus();
  }
  auto bytes = disk_->Read(name, read_.offset + BlockHead::kBytes, head->size);
  if (!bytes.ok()) return bytes.status();
  const uint64_t end = read_.offset + head->block_size();
  if (!head->Fits(*bytes)) {
    PassDamaged(segment, end, head->records);
    return absl::OkStatus();
  }
  out->emplace();
  (*out)->bytes = *std::move(bytes);
  (*out)->records = head->records;
  (*out)->end = {segment->number, end};
  (*out)->recovered = segment->recovered;
  return absl::OkStatus();
}

void Spool::PassDamaged(Segment* segment, uint64_t to, uint64_t records) {
  log::For("sinks").error("spool is damaged: records lost output=\"{}\" file={} at={} records={}",
                          options_.name, SegmentName(segment->number), read_.offset, records);
  read_.offset = to;
  segment->acked += records;
  now_.damaged += records;
  now_.held -= records;
}

Status Spool::Ack(SpoolPosition end) {
  absl::MutexLock lock(&mutex_);
  if (!open_) return NotOpen();
  const absl::Cleanup publish = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { Publish(); };
  for (; !reading_.empty() && reading_.front().end <= end; reading_.pop_front()) {
    const Reading& done = reading_.front();
    const auto segment = segments_.find(done.end.segment);
    if (segment != segments_.end()) segment->second.acked += done.records;
    now_.acked += done.records;
    now_.held -= done.records;
    acked_ = done.end;
    ledger_due_ = true;
  }
  return DropDone();
}

void Spool::Close(bool discard) {
  absl::MutexLock lock(&mutex_);
  if (!open_) return;
  open_ = false;
  if (discard) segments_.clear();
  if (!discard) (void)SyncLocked();
  const Status written = WriteLedger();
  if (!written.ok()) {
    log::For("sinks").warn(
        "spool's ledger not written: records may come twice output=\"{}\" "
        "err=\"{}\"",
        options_.name, Message(written));
  }
  disk_->Close(discard);
}

}  // namespace traffictap::sinks
