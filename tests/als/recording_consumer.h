// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "traffic/entry_consumer.h"

namespace traffictap::als {

// Remembers all that streams deliver, and can be waited for. Thread-safe.
class RecordingConsumer final : public traffic::EntryConsumer {
 public:
  struct Seen {
    std::vector<std::string> nodes;  // ids, in the order of their streams
    std::vector<std::string> zones;  // and where they are
    std::vector<std::string> paths;
    std::map<traffic::RejectReason, uint64_t> rejects;
    int messages = 0;
    int ended_clean = 0;
    int ended_broken = 0;
    int pauses = 0;
    int read_on = 0;  // times that a message was over and the stream was still wanted
  };

  // Whether streams are read on; resumes those that are paused.
  void SetWanted(bool wanted) {
    std::vector<std::shared_ptr<traffic::StreamReader>> paused;
    {
      absl::MutexLock lock(&mutex_);
      wanted_ = wanted;
      if (wanted) paused.swap(paused_);
    }
    for (const auto& reader : paused) reader->Resume();
  }

  std::unique_ptr<traffic::EntryStream> OpenStream(traffic::NodePtr node) override {
    absl::MutexLock lock(&mutex_);
    seen_.nodes.push_back(node->id);
    seen_.zones.push_back(node->zone);
    return std::make_unique<Stream>(this);
  }

  void Reject(traffic::RejectReason reason, uint64_t count) override {
    absl::MutexLock lock(&mutex_);
    seen_.rejects[reason] += count;
  }

  // False where `test` did not hold within ten seconds.
  template <typename Test>
  bool Wait(Test test) {
    absl::MutexLock lock(&mutex_);
    const auto holds = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return test(seen_); };
    return mutex_.AwaitWithTimeout(absl::Condition(&holds), absl::Seconds(10));
  }

  Seen seen() const {
    absl::MutexLock lock(&mutex_);
    return seen_;
  }

 private:
  class Stream final : public traffic::EntryStream {
   public:
    explicit Stream(RecordingConsumer* owner) : owner_(owner) {}

    void Consume(const traffic::AccessEntry& entry) override {
      absl::MutexLock lock(&owner_->mutex_);
      owner_->seen_.paths.emplace_back(entry.text(traffic::Text::kPath));
    }
    void Reject(traffic::RejectReason reason, uint64_t count) override {
      owner_->Reject(reason, count);
    }
    void EndOfMessage() override {
      absl::MutexLock lock(&owner_->mutex_);
      ++owner_->seen_.messages;
    }
    bool Pause(const std::shared_ptr<traffic::StreamReader>& reader) override {
      absl::MutexLock lock(&owner_->mutex_);
      if (owner_->wanted_) {
        ++owner_->seen_.read_on;
        return false;
      }
      owner_->paused_.push_back(reader);
      ++owner_->seen_.pauses;
      return true;
    }
    void End(bool clean) override {
      absl::MutexLock lock(&owner_->mutex_);
      ++(clean ? owner_->seen_.ended_clean : owner_->seen_.ended_broken);
    }

   private:
    RecordingConsumer* const owner_;
  };

  mutable absl::Mutex mutex_;
  Seen seen_ ABSL_GUARDED_BY(mutex_);
  bool wanted_ ABSL_GUARDED_BY(mutex_) = true;
  std::vector<std::shared_ptr<traffic::StreamReader>> paused_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::als
