// SPDX-License-Identifier: Apache-2.0
#include "pipeline/recorder_ring.h"

#include <algorithm>
#include <iterator>

#include "tap/recorder_spec.h"

namespace traffictap::pipeline {
namespace {

constexpr size_t kGapsMax = tap::kRecorderTimeMax / base::kSecond + 1;

}  // namespace

void RecorderRing::Add(RecordedPart part) {
  const size_t bytes = part.bytes();
  if (!MakeRoom(bytes)) {
    if (open_) dump_overwritten_ += part.size();
    return Overwrite(part.at, part.size());
  }
  held_ += part.size();
  bytes_ += bytes;
  (open_ ? dump_ : ring_).push_back(std::move(part));
}

bool RecorderRing::MakeRoom(size_t bytes) {
  while (bytes_ + bytes > bytes_max_) {
    if (!DropOldest()) return false;
  }
  while (memory_ && !memory_->TryCharge(bytes)) {
    if (!DropOldest()) return false;
  }
  return true;
}

bool RecorderRing::DropOldest() {
  const bool of_dump = ring_.empty();
  if (of_dump && dump_.empty()) return false;
  const RecordedPart part = Remove(of_dump ? &dump_ : &ring_);
  if (of_dump) dump_overwritten_ += part.size();
  Overwrite(part.at, part.size());
  return true;
}

RecordedPart RecorderRing::Remove(std::deque<RecordedPart>* from) {
  RecordedPart part = std::move(from->front());
  from->pop_front();
  held_ -= part.size();
  bytes_ -= part.bytes();
  if (memory_) memory_->Release(part.bytes());
  return part;
}

// The oldest goes first, so that seconds come in order; but for a part that found no room at all.
void RecorderRing::Overwrite(base::Nanos at, uint64_t records) {
  overwritten_ += records;
  const int64_t second = at / base::kSecond;
  if (!gaps_.empty() && gaps_.back().first >= second) {
    gaps_.back().second += records;
  } else {
    gaps_.emplace_back(second, records);
  }
  if (gaps_.size() > kGapsMax) gaps_.pop_front();
}

void RecorderRing::OpenDump(base::Nanos from) {
  open_ = true;
  dump_overwritten_ = 0;
  const auto first = std::find_if(ring_.begin(), ring_.end(),
                                  [&](const RecordedPart& part) { return part.at >= from; });
  std::move(first, ring_.end(), std::back_inserter(dump_));
  ring_.erase(first, ring_.end());
}

std::optional<RecordedPart> RecorderRing::Take() {
  if (dump_.empty()) return std::nullopt;
  return Remove(&dump_);
}

uint64_t RecorderRing::OverwrittenSince(base::Nanos from) const {
  uint64_t sum = 0;
  for (const auto& [second, records] : gaps_) {
    if (second >= from / base::kSecond) sum += records;
  }
  return sum;
}

}  // namespace traffictap::pipeline
