// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "fakes/records.h"
#include "sinks/record_writer.h"

namespace traffictap::fakes {

// A writer whose outside does what the script says, and then well.
class ScriptedWriter final : public sinks::RecordWriter {
 public:
  // Outlives the writer. The queues are filled before, the flags may change at any time.
  struct Script {
    std::deque<Status> open;
    std::deque<sinks::WriteResult> write;
    std::deque<Status> flush;
    std::atomic<bool> hold{false};   // nothing is taken, as the outside is away
    std::atomic<bool> stall{false};  // nothing is taken, and nothing is wrong
    std::atomic<bool> hang{false};   // Write does not return before Free
    std::atomic<bool> hanging{false};
    std::atomic<bool> forget{false};  // Close tells nothing of what it took
    std::atomic<bool> settle_late{
        false};  // taken, but not settled before it is false again and a Poll comes
    std::atomic<base::Nanos> poll_interval{0};  // 0: the usual one
    std::atomic<int> opened{0}, flushed{0}, polled{0}, closed{0};

    void Free() {
      std::lock_guard lock(mutex);
      hang = false;
      freed.notify_all();
    }

    // The numbers of all records that were taken.
    std::vector<int> written() {
      std::lock_guard lock(mutex);
      return NumbersOf(lines);
    }
    std::mutex mutex;
    std::condition_variable freed;
    std::string lines;
  };

  explicit ScriptedWriter(Script* script) : script_(script) {}

  Status Open(sinks::RecordLedger* ledger) override {
    ledger_ = ledger;
    ++script_->opened;
    return Next(&script_->open, absl::OkStatus());
  }
  sinks::WriteResult Write(const traffic::RecordSelection& records, size_t from) override {
    if (script_->hang) {
      std::unique_lock lock(script_->mutex);
      script_->hanging = true;
      script_->freed.wait(lock, [this] { return !script_->hang; });
    }
    if (script_->hold) return {0, absl::UnavailableError("held")};
    if (script_->stall) return {0, absl::OkStatus()};
    const size_t left = records.size() - from;
    sinks::WriteResult result = Next(&script_->write, sinks::WriteResult{left, absl::OkStatus()});
    result.taken = std::min(result.taken, left);
    std::lock_guard lock(script_->mutex);
    for (size_t i = 0; i < result.taken; ++i) {
      script_->lines += records.batch->json_line(records.index(from + i));
    }
    unsettled_ += result.taken;
    Settle();
    return result;
  }
  Status Flush() override {
    ++script_->flushed;
    return Next(&script_->flush, absl::OkStatus());
  }
  void Poll() override {
    ++script_->polled;
    Settle();
  }
  base::Nanos PollInterval(base::Nanos usual) const override {
    const base::Nanos own = script_->poll_interval;
    return own == 0 ? usual : own;
  }
  void Close(base::Nanos) override {
    ++script_->closed;
    if (unsettled_ > 0 && !script_->forget)
      ledger_->Dropped(sinks::DropReason::kClosed, unsettled_, absl::OkStatus());
  }

 private:
  template <typename T>
  static T Next(std::deque<T>* queue, T otherwise) {
    if (queue->empty()) return otherwise;
    T out = queue->front();
    queue->pop_front();
    return out;
  }
  void Settle() {
    if (script_->settle_late || unsettled_ == 0) return;
    ledger_->Delivered(unsettled_, 1);
    unsettled_ = 0;
  }

  Script* const script_;
  sinks::RecordLedger* ledger_ = nullptr;
  uint64_t unsettled_ = 0;
};

}  // namespace traffictap::fakes
