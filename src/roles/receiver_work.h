// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "roles/half_masks.h"
#include "roles/role_work.h"
#include "shuffle/block_outlet.h"
#include "shuffle/half_sender.h"
#include "shuffle/proxy_outlet.h"
#include "shuffle/proxy_publisher.h"

namespace traffictap::roles {

// Sends what the ingress admitted to the pairers, each half cut down to what its taps need. While the log
// has no room the queue stays as it is, so that the ingress drops and counts what is too much. Tells them as
// well which proxies send to it.
class ReceiverWork final : public RoleWork {
 public:
  // `clock` outlives it. `finish_wait`: at the end, until the log has all.
  ReceiverWork(shuffle::HalfSenderOptions options, std::unique_ptr<shuffle::BlockOutlet> outlet,
               shuffle::ProxyPublisherOptions proxies,
               std::unique_ptr<shuffle::ProxyOutlet> proxy_outlet, const base::Clock* clock,
               base::Nanos finish_wait);

  void Start(pairing::PairConsumer* next, pipeline::ProxyDirectory* proxies) override;
  bool Take(pipeline::AdmittedQueue* queue, const std::shared_ptr<pipeline::TapsInForce>& taps,
            base::Nanos wait) override;
  void RemoveTaps(const traffic::TapSet& removed) override;
  void Finish(bool last) override;
  pairing::JoinCounters joins() const override { return {}; }
  size_t waiting_bytes() const override { return 0; }

  Status readiness() const override;
  void WriteMetrics(base::MetricWriter& writer) const override;

 private:
  void UseTable(const pipeline::TapTablePtr& table);
  void UseTaps(const traffic::TapSet& taps);
  void Send(const pipeline::AdmittedBatch& batch);
  void TellOfProxies();

  const std::unique_ptr<shuffle::BlockOutlet> outlet_;
  shuffle::HalfSender sender_;
  const std::unique_ptr<shuffle::ProxyOutlet> proxy_outlet_;
  shuffle::ProxyPublisher publisher_;
  pipeline::ProxyDirectory* proxies_ = nullptr;
  const base::Nanos finish_wait_;
  bool has_room_ = false;
  std::atomic<uint64_t> never_sent_{0};  // at the end, since the log was never reached

  // Of the batch in hand.
  pipeline::TapTablePtr table_;
  HalfMasks masks_;
  std::vector<uint64_t> slot_hashes_;
  // Of the entry in hand, and mostly of the next one too.
  traffic::TapSet taps_;
  std::vector<uint64_t> tap_hashes_;
  base::Nanos window_ = 0;
};

}  // namespace traffictap::roles
