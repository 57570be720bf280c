// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fakes/record_transaction.h"
#include "shuffle/pairer_log.h"

namespace traffictap {

// The topics and the group's commits, which outlive the members.
struct FakeTopics {
  struct Message {
    base::Nanos appended = 0;
    std::string bytes;
  };
  std::map<uint32_t, std::vector<Message>> halves;                // by partition; index is offset
  std::map<uint32_t, std::pair<int64_t, std::string>> committed;  // offset, checkpoint
  std::map<uint32_t, shuffle::CrashGuard> guards;                 // the same commits'
};

// One member's view of them; what the group does is the test's to say.
class FakePairerLog final : public shuffle::PairerLog {
 public:
  explicit FakePairerLog(FakeTopics* topics) : topics_(topics) {}

  Status Open() override {
    ++opens;
    return open_status;
  }
  void Close() override {
    closed = true;
    at_.clear();
    paused.clear();
    events.clear();
  }
  shuffle::LogEvent Poll(base::Nanos) override {
    if (!events.empty()) {
      auto out = std::move(events.front());
      events.pop_front();
      return out;
    }
    shuffle::LogEvent out;
    for (auto& [partition, at] : at_) {
      const auto& messages = topics_->halves[partition];
      if (at >= static_cast<int64_t>(messages.size()) || paused.contains(partition)) continue;
      const auto& message = messages[static_cast<size_t>(at)];
      out.kind = shuffle::LogEvent::Kind::kMessage;
      out.partition = partition;
      out.offset = at++;
      out.appended = message.appended;
      out.bytes = message.bytes;
      return out;
    }
    return out;
  }
  StatusOr<std::map<uint32_t, shuffle::CommittedState>> ReadCommitted(
      const std::vector<uint32_t>& partitions) override {
    ++reads;
    return Know(partitions);
  }
  Status Recall(const std::vector<uint32_t>& partitions, base::Nanos wait) override {
    recall_wait = wait;
    return Know(partitions).status();
  }
  Status Guard(const std::map<uint32_t, shuffle::CrashGuard>& guards) override {
    if (!save_status.ok()) return save_status;
    for (const auto& [partition, guard] : guards) {
      const auto known = known_.find(partition);
      if (known == known_.end()) topics_->committed.erase(partition);
      if (known != known_.end()) topics_->committed[partition] = known->second;
      topics_->guards[partition] = guard;
    }
    return absl::OkStatus();
  }
  StatusOr<int64_t> End(uint32_t partition) override {
    return static_cast<int64_t>(topics_->halves[partition].size());
  }
  Status Begin(const std::map<uint32_t, int64_t>& offsets) override {
    at_.clear();
    for (const auto& [partition, offset] : offsets) {
      at_[partition] = offset == kBeginning ? 0 : offset;
      paused.erase(partition);
    }
    begun = offsets;
    return absl::OkStatus();
  }
  void Release() override {
    at_.clear();
    ++releases;
  }
  Status Save(const std::vector<shuffle::StateToSave>& states) override {
    ++saves;
    if (!save_status.ok()) return save_status;
    for (const auto& state : states) {
      topics_->committed[state.partition] = {state.next_offset, state.checkpoint};
      topics_->guards[state.partition] = {};
    }
    if (!save_answer.ok()) return save_answer;
    for (const auto& state : states) known_[state.partition] = topics_->committed[state.partition];
    in_transaction = false;
    transaction.End(true);
    return absl::OkStatus();
  }
  kafkaclient::RecordTransaction* records() override { return &transaction; }
  bool InTransaction() const override { return in_transaction || !transaction.open.empty(); }
  Status TransactionStatus() const override { return transaction_status; }
  void Abort() override {
    ++aborts;
    in_transaction = false;
    transaction.End(false);
    transaction_status = absl::OkStatus();
  }
  void Pause(uint32_t partition) override { paused[partition] = true; }
  void Append(uint32_t partition, const std::string& block) override {
    appended.emplace_back(partition, block);
  }
  uint64_t Behind(uint32_t partition, int64_t next_offset) const override {
    return topics_->halves[partition].size() - static_cast<uint64_t>(next_offset);
  }
  Status status() const override { return absl::OkStatus(); }

  void Assign(std::vector<uint32_t> partitions) {
    shuffle::LogEvent event;
    event.kind = shuffle::LogEvent::Kind::kAssigned;
    event.partitions = std::move(partitions);
    events.push_back(std::move(event));
  }
  void Revoke(bool lost) {
    shuffle::LogEvent event;
    event.kind = shuffle::LogEvent::Kind::kRevoked;
    event.lost = lost;
    events.push_back(std::move(event));
  }

  std::deque<shuffle::LogEvent> events;
  Status open_status, read_status, save_status, transaction_status;
  Status save_answer;  // not ok: it is saved all the same
  int opens = 0, reads = 0, saves = 0, releases = 0, aborts = 0;
  base::Nanos recall_wait = 0;  // of the last one
  bool in_transaction = false;  // also without a record
  fakes::RecordTransaction transaction;
  bool closed = false;
  std::map<uint32_t, int64_t> begun;
  std::map<uint32_t, bool> paused;
  std::vector<std::pair<uint32_t, std::string>> appended;

 private:
  StatusOr<std::map<uint32_t, shuffle::CommittedState>> Know(
      const std::vector<uint32_t>& partitions) {
    if (!read_status.ok()) return read_status;
    std::map<uint32_t, shuffle::CommittedState> out;
    known_.clear();
    for (const uint32_t partition : partitions) {
      const auto found = topics_->committed.find(partition);
      if (found != topics_->committed.end()) {
        out[partition].checkpoint = found->second.second;
        known_[partition] = found->second;
      }
      out[partition].guard = topics_->guards[partition];
    }
    return out;
  }

  FakeTopics* const topics_;
  std::map<uint32_t, int64_t> at_;
  std::map<uint32_t, std::pair<int64_t, std::string>> known_;  // as far as it knows
};

}  // namespace traffictap
