// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "pipeline/pipeline_snapshot.h"
#include "roles/role_work.h"
#include "shuffle/group_member.h"
#include "shuffle/pairer_log.h"
#include "shuffle/proxy_log.h"
#include "shuffle/proxy_reader.h"

namespace traffictap::roles {

// How far the outputs of all taps are, by tap and name.
shuffle::OutputsProgress ProgressOf(const pipeline::PipelineSnapshot& snapshot);

// Joins the halves of the partitions that the group gives this process, for the taps in force. What it
// knows of proxies is what receivers say of theirs.
class PairerWork final : public RoleWork {
 public:
  // `clock` outlives it. Of `options` the taps, the proxies and who hears of time are set here.
  // `partitions`: of the topic.
  PairerWork(shuffle::GroupMemberOptions options, std::unique_ptr<shuffle::PairerLog> log,
             shuffle::ProxyReaderOptions proxies, std::unique_ptr<shuffle::ProxyLog> proxy_log,
             const base::Clock* clock, uint32_t partitions);

  void Start(pairing::PairConsumer* next, pipeline::ProxyDirectory* proxies) override;
  bool Take(pipeline::AdmittedQueue* queue, const std::shared_ptr<pipeline::TapsInForce>& taps,
            base::Nanos wait) override;
  void RemoveTaps(const traffic::TapSet& removed) override;
  void Finish(bool last) override;
  const pipeline::PartitionTime* partition_time() const override { return &time_; }
  pairing::JoinCounters joins() const override { return member_->state().joins; }
  size_t waiting_bytes() const override { return member_->state().waiting_bytes; }

  Status readiness() const override;
  kafkaclient::RecordTransaction* transaction() override { return log_->records(); }
  void WriteMetrics(base::MetricWriter& writer) const override;
  base::Nanos read_until() const override;

 private:
  void WriteProxyMetrics(base::MetricWriter& writer) const;
  void UseTable(const pipeline::TapTablePtr& table);
  traffic::TapSet TapsOf(std::span<const uint64_t> hashes) const;
  bool Waits(const std::vector<std::vector<uint64_t>>& sets, base::Nanos appended);

  shuffle::GroupMemberOptions options_;
  const std::unique_ptr<shuffle::PairerLog> log_;
  const base::Clock* const clock_;
  std::unique_ptr<shuffle::GroupMember> member_;
  const shuffle::ProxyReaderOptions proxy_options_;
  const std::unique_ptr<shuffle::ProxyLog> proxy_log_;
  std::unique_ptr<shuffle::ProxyReader> proxy_reader_;
  pipeline::PartitionTime time_;
  pairing::HotIds hot_ids_;
  pipeline::TapTablePtr table_;
  std::unordered_map<uint64_t, size_t> slots_;  // by TapHash
  // Of taps that are not in force: until when halves wait for them. Monotonic; 0: not at all.
  std::unordered_map<uint64_t, base::Nanos> absent_;
  std::optional<base::Nanos> begun_;  // when there first were taps. Wall clock
};

}  // namespace traffictap::roles
