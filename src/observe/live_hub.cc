// SPDX-License-Identifier: Apache-2.0

// bytes_ is the sum over all backlogs, also over those of taps that are gone and still read. Room
// is made in the tap's own backlog first, up to its bound, and then wherever the oldest batch is,
// so that a quiet tap keeps its records for as long as a busy one; each keeps its newest batch.
// Ordinals never go back: what was dropped is a gap of known size to a reader that asks for it.
#include "observe/live_hub.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/time/time.h"
#include "fmt/format.h"

namespace traffictap::observe {
namespace {

size_t Charge(const traffic::RecordBatch& records) {
  return sizeof(BacklogBatch) + records.footprint();
}

Status NoSuchTap(const std::string& tap) {
  return absl::NotFoundError(fmt::format("tap \"{}\" is not active here", tap));
}

uint64_t End(const BacklogBatch& batch) { return batch.first + batch.records->size(); }

}  // namespace

LiveHub::LiveHub(LiveHubOptions options, const base::Clock* clock)
    : options_(options), clock_(clock), epoch_(static_cast<uint64_t>(clock->Wall())) {}

void LiveHub::Consume(std::shared_ptr<const traffic::RecordBatch> batch) {
  const std::string& tap = batch->origin().tap;
  const size_t bytes = Charge(*batch);
  const uint64_t records = batch->size();
  absl::MutexLock lock(&mutex_);
  const base::Nanos now = clock_->Wall();  // under the lock, so that batches are in its order
  Backlog& backlog = backlogs_[tap];
  backlog.batches.push_back({std::move(batch), backlog.counters.published, now});
  backlog.counters.published += records;
  backlog.counters.bytes += bytes;
  bytes_ += bytes;
  MakeRoom(&backlog);
}

// The newest batch always stays, so that a bound set too low still shows something.
void LiveHub::MakeRoom(Backlog* backlog) {
  while (backlog->counters.bytes > options_.tap_bytes_max && backlog->batches.size() > 1) {
    DropOldest(backlog);
  }
  while (bytes_ > options_.bytes_max) {
    Backlog* oldest = Oldest();
    if (oldest == nullptr) return;
    DropOldest(oldest);
  }
}

LiveHub::Backlog* LiveHub::Oldest() {
  Backlog* oldest = nullptr;
  for (auto& [tap, backlog] : backlogs_) {
    if (backlog.batches.size() < 2) continue;
    if (oldest == nullptr ||
        backlog.batches.front().published < oldest->batches.front().published) {
      oldest = &backlog;
    }
  }
  return oldest;
}

void LiveHub::DropOldest(Backlog* backlog) {
  const BacklogBatch& batch = backlog->batches.front();
  const size_t bytes = Charge(*batch.records);
  backlog->counters.bytes -= bytes;
  bytes_ -= bytes;
  backlog->counters.dropped += batch.records->size();
  backlog->batches.pop_front();
}

void LiveHub::SetTaps(const std::vector<std::string>& taps) {
  const std::set<std::string> wanted(taps.begin(), taps.end());
  absl::MutexLock lock(&mutex_);
  for (auto it = backlogs_.begin(); it != backlogs_.end();) {
    Backlog& backlog = it->second;
    const bool was_in_force = std::exchange(backlog.in_force, wanted.contains(it->first));
    if (backlog.in_force || was_in_force) {
      ++it;
      continue;
    }
    bytes_ -= backlog.counters.bytes;
    it = backlogs_.erase(it);
  }
  for (const auto& tap : wanted) backlogs_[tap].in_force = true;
}

std::vector<std::string> LiveHub::taps() const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> out;
  for (const auto& [tap, backlog] : backlogs_) {
    if (backlog.in_force) out.push_back(tap);
  }
  return out;
}

StatusOr<BacklogPart> LiveHub::Read(const std::string& tap, uint64_t from,
                                    size_t records_max) const {
  absl::MutexLock lock(&mutex_);
  const auto found = backlogs_.find(tap);
  if (found == backlogs_.end()) return NoSuchTap(tap);
  const Backlog& backlog = found->second;
  BacklogPart out;
  // A position from before an earlier removal of the tap may be ahead of it: the tap began anew.
  out.next = from > backlog.counters.published ? 0 : from;
  out.dropped = backlog.counters.dropped > out.next ? backlog.counters.dropped - out.next : 0;
  out.begin = out.next += out.dropped;
  auto batch = std::partition_point(backlog.batches.begin(), backlog.batches.end(),
                                    [&](const BacklogBatch& b) { return End(b) <= out.next; });
  for (size_t records = 0; batch != backlog.batches.end() && records < records_max; ++batch) {
    records += batch->records->size();
    out.batches.push_back(*batch);
    out.next = End(*batch);
  }
  out.more = out.next < backlog.counters.published;
  out.ended = !out.more && (closed_ || !backlog.in_force);
  return out;
}

StatusOr<uint64_t> LiveHub::OrdinalAt(const std::string& tap, base::Nanos wall) const {
  absl::MutexLock lock(&mutex_);
  const auto found = backlogs_.find(tap);
  if (found == backlogs_.end()) return NoSuchTap(tap);
  const auto& batches = found->second.batches;
  // Not a binary search: the wall clock may jump.
  const auto batch = std::find_if(batches.begin(), batches.end(),
                                  [&](const BacklogBatch& b) { return b.published >= wall; });
  return batch == batches.end() ? found->second.counters.published : batch->first;
}

StatusOr<BacklogCounters> LiveHub::counters(const std::string& tap) const {
  absl::MutexLock lock(&mutex_);
  const auto found = backlogs_.find(tap);
  if (found == backlogs_.end()) return NoSuchTap(tap);
  BacklogCounters out = found->second.counters;
  if (!found->second.batches.empty()) out.oldest = found->second.batches.front().published;
  return out;
}

bool LiveHub::ReaderEntered() {
  absl::MutexLock lock(&mutex_);
  if (readers_ >= options_.readers_max) return false;
  ++readers_;
  return true;
}

void LiveHub::ReaderLeft() {
  absl::MutexLock lock(&mutex_);
  --readers_;
}

int LiveHub::readers() const {
  absl::MutexLock lock(&mutex_);
  return readers_;
}

void LiveHub::Close(base::Nanos wait) {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  mutex_.AwaitWithTimeout(absl::Condition(this, &LiveHub::ReadersGone), absl::Nanoseconds(wait));
}

}  // namespace traffictap::observe
