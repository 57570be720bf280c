// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "shuffle/pairer_log.h"

namespace traffictap::simulation {

// The topics and the group of pairers as a Kafka cluster keeps them: a member that is silent for a session is thrown
// out, every change revokes all partitions and divides them anew, and a commit of a former generation is refused.
// Not thread-safe.
class SimulatedCluster {
 public:
  static constexpr base::Nanos kSession = 10 * base::kSecond;

  struct Message {
    base::Nanos appended = 0;
    std::string bytes;
  };
  struct Partition {
    std::vector<Message> messages;  // by offset
    size_t low = 0;                 // of those that retention left
    shuffle::CommittedState committed;
  };
  struct Member {
    base::Nanos heard = 0;
    uint64_t generation = 0;  // of what it was given
    bool holds = false;       // and has not let go
    bool told = false;        // to let go
    bool news = false;        // partitions that it has not been told of
    std::vector<uint32_t> partitions;
  };

  // `clock` outlives it.
  SimulatedCluster(uint32_t partitions, const base::Clock* clock)
      : partitions_(partitions), clock_(clock) {}

  base::Nanos now() const { return clock_->Wall(); }
  std::vector<Partition>& partitions() { return partitions_; }
  void Append(uint32_t partition, std::string bytes) {
    partitions_[partition].messages.push_back({now(), std::move(bytes)});
  }
  // Retention takes what was appended before.
  void Expire(base::Nanos before) {
    for (Partition& one : partitions_) {
      while (one.low < one.messages.size() && one.messages[one.low].appended < before) ++one.low;
    }
  }
  // Away: it takes nothing and gives nothing. Members that heard nothing of it for a session take themselves for
  // thrown out.
  void SetAway(bool away) {
    if (away_ && !away && now() - away_since_ > kSession) Leave();
    away_ = away;
    away_since_ = now();
    for (auto& [id, member] : members_) member.heard = now();
  }
  bool away() const { return away_; }

  int Join() {
    members_[++last_id_].heard = now();
    changing_ = true;
    return last_id_;
  }
  void Leave(int id) { changing_ = members_.erase(id) > 0 || changing_; }
  void Leave() {
    members_.clear();
    changing_ = true;
  }
  // Null: it is not in the group.
  Member* Find(int id) {
    const auto found = members_.find(id);
    return found == members_.end() ? nullptr : &found->second;
  }
  bool changing() const { return changing_; }
  uint64_t generation() const { return generation_; }

  // Ends sessions, and a change once all have let go.
  void Step() {
    if (away_) return;
    const size_t silent = std::erase_if(
        members_, [&](const auto& member) { return now() - member.second.heard > kSession; });
    if (silent > 0) changing_ = true;
    const bool held =
        std::ranges::any_of(members_, [](const auto& member) { return member.second.holds; });
    if (!changing_ || held || members_.empty()) return;
    changing_ = false;
    ++generation_;
    size_t at = 0;
    for (auto& [id, member] : members_) {
      member.generation = generation_;
      member.holds = member.news = true;
      member.told = false;
      member.partitions.clear();
      const size_t to = (at + 1) * partitions_.size() / members_.size();
      for (size_t i = at * partitions_.size() / members_.size(); i < to; ++i) {
        member.partitions.push_back(static_cast<uint32_t>(i));
      }
      ++at;
    }
  }

  // Commits of transactions fail by that chance, of 1; half of those that fail are done all the same.
  void FailCommits(double chance, uint64_t seed) {
    fail_chance_ = chance;
    random_.seed(seed);
  }
  enum class Fate { kDone, kFails, kDoneAndFails };
  Fate CommitFate() {
    const double drawn = std::uniform_real_distribution<double>()(random_);
    if (drawn >= fail_chance_) return Fate::kDone;
    return drawn < fail_chance_ / 2 ? Fate::kDoneAndFails : Fate::kFails;
  }

  int refused_commits = 0;
  int failed_commits = 0;

 private:
  std::vector<Partition> partitions_;
  const base::Clock* const clock_;
  std::map<int, Member> members_;
  int last_id_ = 0;
  bool changing_ = false;
  uint64_t generation_ = 0;
  bool away_ = false;
  base::Nanos away_since_ = 0;
  double fail_chance_ = 0;
  std::mt19937_64 random_;
};

// One pairer's view of it. A process that is killed only stops to call.
class SimulatedMemberLog final : public shuffle::PairerLog {
 public:
  // A member that was thrown out reads on until a heartbeat is answered.
  static constexpr base::Nanos kNotice = 500 * base::kMillisecond;

  // `cluster` outlives it.
  explicit SimulatedMemberLog(SimulatedCluster* cluster) : cluster_(cluster) {}

  Status Open() override {
    if (cluster_->away()) return absl::UnavailableError("no broker");
    id_ = cluster_->Join();
    return absl::OkStatus();
  }
  void Close() override {
    cluster_->Leave(id_);
    Release();
  }
  shuffle::LogEvent Poll(base::Nanos) override {
    shuffle::LogEvent out;
    if (cluster_->away()) {
      deaf_ = true;
      return out;
    }
    auto* member = cluster_->Find(id_);
    const bool knows = std::exchange(deaf_, false);
    if (member == nullptr) {
      if (lost_at_ == 0) lost_at_ = cluster_->now() - (knows ? kNotice : 0);
      return cluster_->now() - lost_at_ < kNotice ? Next() : LetGo(true);
    }
    member->heard = cluster_->now();
    if (member->news) {
      member->news = false;
      out.kind = shuffle::LogEvent::Kind::kAssigned;
      out.partitions = member->partitions;
      return out;
    }
    if (!cluster_->changing() || !member->holds) return Next();
    if (std::exchange(member->told, true)) return out;
    return LetGo(false);
  }
  StatusOr<std::map<uint32_t, shuffle::CommittedState>> ReadCommitted(
      const std::vector<uint32_t>& partitions) override {
    if (cluster_->away()) return absl::UnavailableError("no broker");
    std::map<uint32_t, shuffle::CommittedState> out;
    for (const uint32_t one : partitions) {
      out[one] = cluster_->partitions()[one].committed;
      known_[one] = out[one].checkpoint;
    }
    return out;
  }
  Status Recall(const std::vector<uint32_t>& partitions, base::Nanos) override {
    return ReadCommitted(partitions).status();
  }
  Status Begin(const std::map<uint32_t, int64_t>& offsets) override {
    at_ = offsets;
    paused_.clear();
    return absl::OkStatus();
  }
  void Release() override {
    at_.clear();
    paused_.clear();
    auto* member = cluster_->Find(id_);
    if (member != nullptr) {
      member->holds = false;
    } else if (std::exchange(lost_at_, 0) != 0) {
      id_ = cluster_->Join();
    }
  }
  Status Save(const std::vector<shuffle::StateToSave>& states) override {
    using Fate = SimulatedCluster::Fate;
    TT_RETURN_IF_ERROR(MayCommit());
    const Fate fate = in_transaction_ ? cluster_->CommitFate() : Fate::kDone;
    if (fate != Fate::kDone) ++cluster_->failed_commits;
    if (fate == Fate::kFails) return absl::UnavailableError("no answer");
    for (const auto& state : states) {
      cluster_->partitions()[state.partition].committed = {state.checkpoint, {}};
    }
    if (in_transaction_) committed();
    if (fate == Fate::kDoneAndFails) return absl::UnavailableError("no answer");
    for (const auto& state : states) known_[state.partition] = state.checkpoint;
    in_transaction_ = false;
    return absl::OkStatus();
  }
  kafkaclient::RecordTransaction* records() override { return nullptr; }
  bool InTransaction() const override { return in_transaction_; }
  Status TransactionStatus() const override {
    return cluster_->away() ? absl::UnavailableError("no broker") : absl::OkStatus();
  }
  void Abort() override {
    in_transaction_ = false;
    aborted();
  }
  // By a record; `committed` or `aborted` tells how it ended. Of one that is done all the same both come.
  void BeginTransaction() { in_transaction_ = true; }
  std::function<void()> committed = [] {};
  std::function<void()> aborted = [] {};
  Status Guard(const std::map<uint32_t, shuffle::CrashGuard>& guards) override {
    TT_RETURN_IF_ERROR(MayCommit());
    for (const auto& [one, guard] : guards) {
      cluster_->partitions()[one].committed = {known_[one], guard};
    }
    return absl::OkStatus();
  }
  StatusOr<int64_t> End(uint32_t partition) override {
    if (cluster_->away()) return absl::UnavailableError("no broker");
    return static_cast<int64_t>(cluster_->partitions()[partition].messages.size());
  }
  void Pause(uint32_t partition) override { paused_.insert(partition); }
  void Append(uint32_t partition, const std::string& block) override {
    if (!cluster_->away()) cluster_->Append(partition, block);
  }
  uint64_t Behind(uint32_t partition, int64_t next_offset) const override {
    const auto end = static_cast<int64_t>(cluster_->partitions()[partition].messages.size());
    return static_cast<uint64_t>(std::max<int64_t>(0, end - next_offset));
  }
  Status status() const override { return absl::OkStatus(); }

 private:
  Status MayCommit() {
    if (cluster_->away()) return absl::UnavailableError("no broker");
    const auto* member = cluster_->Find(id_);
    if (member != nullptr && member->generation == cluster_->generation()) return absl::OkStatus();
    ++cluster_->refused_commits;
    return absl::AbortedError("kafka: the partitions are another member's");
  }
  static shuffle::LogEvent LetGo(bool lost) {
    shuffle::LogEvent out;
    out.kind = shuffle::LogEvent::Kind::kRevoked;
    out.lost = lost;
    return out;
  }
  shuffle::LogEvent Next() {
    shuffle::LogEvent out;
    for (auto& [partition, at] : at_) {
      const auto& from = cluster_->partitions()[partition];
      at = std::max(at, static_cast<int64_t>(from.low));
      if (at >= static_cast<int64_t>(from.messages.size()) || paused_.contains(partition)) continue;
      const auto& message = from.messages[static_cast<size_t>(at)];
      out.kind = shuffle::LogEvent::Kind::kMessage;
      out.partition = partition;
      out.offset = at++;
      out.appended = message.appended;
      bytes_ = message.bytes;
      out.bytes = bytes_;
      return out;
    }
    return out;
  }

  SimulatedCluster* const cluster_;
  int id_ = 0;
  base::Nanos lost_at_ = 0;  // when it called first after it was thrown out
  bool deaf_ = false;        // it has called while the cluster was away
  bool in_transaction_ = false;
  std::map<uint32_t, int64_t> at_;
  std::map<uint32_t, std::optional<std::string>> known_;  // checkpoints
  std::set<uint32_t> paused_;
  std::string bytes_;  // of the message in hand
};

}  // namespace traffictap::simulation
