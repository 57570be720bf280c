// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.h"
#include "shuffle/pairer_log.h"
#include "shuffle/shuffle_settings.h"

namespace traffictap::shuffle {

// The topics and the group in a Kafka cluster: the classic protocol, eager, with range assignment, as
// librdkafka 2.0.2 does it safely. A checkpoint is a message of the checkpoints' topic in the partition
// of the same number, under the group's name; the commit's metadata points to it.
class KafkaPairerLog final : public PairerLog {
 public:
  // `clock` outlives the log.
  KafkaPairerLog(const ShuffleSettings& settings, const base::Clock* clock);
  ~KafkaPairerLog() override;

  Status Open() override;
  void Close() override;
  LogEvent Poll(base::Nanos wait) override;
  StatusOr<std::map<uint32_t, CommittedState>> ReadCommitted(
      const std::vector<uint32_t>& partitions) override;
  Status Recall(const std::vector<uint32_t>& partitions, base::Nanos wait) override;
  Status Guard(const std::map<uint32_t, CrashGuard>& guards) override;
  StatusOr<int64_t> End(uint32_t partition) override;
  Status Begin(const std::map<uint32_t, int64_t>& offsets) override;
  void Release() override;
  Status Save(const std::vector<StateToSave>& states) override;
  kafkaclient::RecordTransaction* records() override;
  bool InTransaction() const override;
  Status TransactionStatus() const override;
  void Abort() override;
  void Pause(uint32_t partition) override;
  void Append(uint32_t partition, const std::string& block) override;
  uint64_t Behind(uint32_t partition, int64_t next_offset) const override;
  Status status() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace traffictap::shuffle
