// SPDX-License-Identifier: Apache-2.0

// Opening what a former life has left. Heads alone are read, each of which has its own checksum, so
// that a full spool opens in a moment; what the heads promise is checked when it is read. What can
// be wrong after a crash:
//   - a file that the ledger does not name: the crash came before it was deleted, it goes;
//   - the last file ends within a block: that was never told as spooled, it is left out;
//   - the ledger is torn or lost: everything is delivered again;
//   - a file is missing or shorter than the ledger says: lost, and counted as damaged.
#include <algorithm>
#include <vector>

#include "base/log.h"
#include "sinks/spool/spool.h"
#include "sinks/spool/spool_names.h"

namespace traffictap::sinks {

struct Spool::Recovery {
  std::optional<SpoolLedger> ledger;
  std::vector<uint64_t> numbers;  // of the segments on disk

  // Settled of the first `records` of a segment, as far as the ledger knows.
  uint64_t Acked(uint64_t number, uint64_t records) const {
    if (!ledger || number > ledger->acked.segment) return 0;
    return number < ledger->acked.segment ? records : std::min(records, ledger->acked_records);
  }
};

Status Spool::Recover() {
  segments_.clear();
  now_ = {};
  Recovery recovery;
  const auto names = disk_->Names();
  if (!names.ok()) return names.status();
  TT_RETURN_IF_ERROR(ReadLedger(*names, &recovery));
  for (const std::string& name : *names) {
    if (const auto number = SegmentNumber(name)) recovery.numbers.push_back(*number);
  }
  std::sort(recovery.numbers.begin(), recovery.numbers.end());
  for (const uint64_t number : recovery.numbers) {
    next_number_ = std::max(next_number_, number + 1);
    if (recovery.ledger && !recovery.ledger->records.contains(number)) {
      TT_RETURN_IF_ERROR(disk_->Remove(SegmentName(number)));
    } else {
      TT_RETURN_IF_ERROR(Scan(number, recovery));
    }
  }
  if (recovery.ledger) {
    acked_ = read_ = recovery.ledger->acked;
    next_number_ = std::max(next_number_, acked_.segment + 1);
    for (const auto& [number, records] : recovery.ledger->records) {
      next_number_ = std::max(next_number_, number + 1);
      if (!segments_.contains(number)) CountLost(number, records, recovery);
    }
  }
  now_.held = now_.recovered - now_.damaged;
  if (now_.recovered > 0) {
    log::For("sinks").info("spool holds records of a former life output=\"{}\" records={} bytes={}",
                           options_.name, now_.held, now_.bytes);
  }
  return absl::OkStatus();
}

Status Spool::ReadLedger(const std::vector<std::string>& names, Recovery* recovery) {
  if (std::find(names.begin(), names.end(), kLedgerName) == names.end()) return absl::OkStatus();
  const auto size = disk_->Size(kLedgerName);
  if (!size.ok()) return size.status();
  const auto text = disk_->Read(kLedgerName, 0, *size);
  if (!text.ok()) return text.status();
  auto ledger = SpoolLedger::Read(*text);
  if (ledger.ok()) {
    recovery->ledger = *std::move(ledger);
    return absl::OkStatus();
  }
  log::For("sinks").error(
      "spool's ledger cannot be used, all records are delivered again "
      "output=\"{}\" err=\"{}\"",
      options_.name, Message(ledger.status()));
  return absl::OkStatus();
}

void Spool::CountLost(uint64_t number, uint64_t records, const Recovery& recovery) {
  const uint64_t lost = records - recovery.Acked(number, records);
  if (lost == 0) return;
  now_.recovered += lost;
  now_.damaged += lost;
  log::For("sinks").error("spool is damaged: records lost output=\"{}\" file={} records={}",
                          options_.name, SegmentName(number), lost);
}

Status Spool::Scan(uint64_t number, const Recovery& recovery) {
  const std::string name = SegmentName(number);
  const auto size = disk_->Size(name);
  if (!size.ok()) return size.status();
  Segment segment;
  segment.number = number;
  segment.file_bytes = *size;
  segment.recovered = true;
  base::Nanos wall = 0;
  uint64_t acked_here = 0;
  BlockHead last;
  while (segment.bytes + BlockHead::kBytes <= *size) {
    const auto bytes = disk_->Read(name, segment.bytes, BlockHead::kBytes);
    if (!bytes.ok()) return bytes.status();
    const auto head = BlockHead::Read(*bytes);
    if (!head || segment.bytes + head->block_size() > *size) break;
    segment.bytes += head->block_size();
    segment.records += head->records;
    wall = head->wall;
    last = *head;
    const SpoolPosition end{number, segment.bytes};
    if (recovery.ledger && end <= recovery.ledger->acked) acked_here = segment.records;
  }
  if (number == recovery.numbers.back() && segment.bytes > 0) {
    const auto bytes = disk_->Read(name, segment.bytes - last.size, last.size);
    if (!bytes.ok()) return bytes.status();
    if (!last.Fits(*bytes)) {
      segment.bytes -= last.block_size();
      segment.records -= last.records;
      acked_here = std::min(acked_here, segment.records);
    }
  }
  segment.acked = acked_here;
  const base::Nanos age = std::max<base::Nanos>(0, options_.clock->Wall() - wall);
  segment.begun = segment.newest = options_.clock->Monotonic() - age;
  now_.recovered += segment.records - segment.acked;
  now_.bytes += segment.file_bytes;
  segments_[number] = segment;
  if (!recovery.ledger) return absl::OkStatus();
  const auto named = recovery.ledger->records.find(number);
  if (named != recovery.ledger->records.end() && named->second > segment.records) {
    const uint64_t settled = recovery.Acked(number, named->second);
    const uint64_t lost = named->second - std::max(segment.records, settled);
    now_.recovered += lost;
    now_.damaged += lost;
  }
  return absl::OkStatus();
}

}  // namespace traffictap::sinks
