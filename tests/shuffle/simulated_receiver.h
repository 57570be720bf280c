// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "fakes/entry_builder.h"
#include "fakes/manual_clock.h"
#include "shuffle/half_sender.h"
#include "shuffle/simulated_cluster.h"
#include "traffic/entry_batch.h"
#include "traffic/partition_key.h"

namespace traffictap::simulation {

// Every decision of a run comes from here: one seed, one run.
class Chance {
 public:
  explicit Chance(uint64_t seed) : engine_(seed) {}
  // 0 to `below` - 1
  base::Nanos Roll(base::Nanos below) {
    return static_cast<base::Nanos>(engine_() % static_cast<uint64_t>(below));
  }

 private:
  std::mt19937_64 engine_;
};

// A receiver's way into the cluster: some milliseconds to be appended, some more until it knows.
class SimulatedOutlet final : public shuffle::BlockOutlet {
 public:
  static constexpr base::Nanos kDelayMax = 20 * base::kMillisecond;  // of each of the two

  // Both outlive it.
  SimulatedOutlet(SimulatedCluster* cluster, Chance* chance) : cluster_(cluster), chance_(chance) {}

  Status Open() override { return status(); }
  void Send(uint32_t partition, std::string block, uint32_t count) override {
    counters_.sent += count;
    counters_.pending += count;
    bytes_ += block.size();
    blocks_.push_back({partition, std::move(block), count, Later(), false});
  }
  void Poll(base::Nanos) override {
    if (cut || cluster_->away()) return;
    for (Block& block : blocks_) {
      if (block.appended) continue;
      if (block.due > cluster_->now()) break;
      cluster_->Append(block.partition, block.bytes);
      block.appended = true;
      block.due = Later();
    }
    while (!blocks_.empty() && blocks_.front().appended && blocks_.front().due <= cluster_->now()) {
      counters_.acked += blocks_.front().count;
      counters_.pending -= blocks_.front().count;
      bytes_ -= blocks_.front().bytes.size();
      blocks_.pop_front();
    }
  }
  void Close(base::Nanos) override {
    for (Block& block : blocks_) block.due = 0;
    Poll(0);
    for (const Block& block : blocks_)
      (block.appended ? counters_.acked : counters_.closed) += block.count;
    counters_.pending = 0;
    blocks_.clear();
  }
  size_t bytes() const override { return bytes_; }
  const shuffle::OutletCounters& counters() const override { return counters_; }
  Status status() const override {
    return cut || cluster_->away() ? absl::UnavailableError("no broker") : absl::OkStatus();
  }

  // Another producer takes over: what is not acknowledged goes out again, whether it was appended or not.
  void Renew() {
    for (Block& block : blocks_) {
      counters_.resent += block.count;
      block.appended = false;
      block.due = Later();
    }
  }

  bool cut = false;  // off from the cluster

 private:
  struct Block {
    uint32_t partition = 0;
    std::string bytes;
    uint32_t count = 0;
    base::Nanos due = 0;  // to be appended, then to be acknowledged
    bool appended = false;
  };
  base::Nanos Later() {
    return cluster_->now() + base::kMillisecond + chance_->Roll(kDelayMax - base::kMillisecond);
  }

  SimulatedCluster* const cluster_;
  Chance* const chance_;
  std::deque<Block> blocks_;
  size_t bytes_ = 0;
  shuffle::OutletCounters counters_;
};

// One life of a receiver, with a clock and a small queue of its own.
class SimulatedReceiver {
 public:
  static constexpr size_t kQueueMax = 100;

  // Both outlive it.
  SimulatedReceiver(const std::string& name, SimulatedCluster* cluster, Chance* chance,
                    size_t bytes_max)
      : outlet(cluster, chance), sender(Options(name, cluster, bytes_max), &outlet, &clock) {
    clock.Advance(chance->Roll(100'000 * base::kSecond));
    fast_ppm_ = chance->Roll(100) - 50;
  }

  void Advance(base::Nanos by) { clock.Advance(by + by * fast_ppm_ / 1'000'000); }
  // False: there is no room, and the half is dropped and counted.
  bool Take(const fakes::EntryBuilder& half, const traffic::NodePtr& node) {
    if (queue_.size() >= kQueueMax) {
      ++queue_full;
      return false;
    }
    auto batch = std::make_unique<traffic::EntryBatch>(node);
    batch->Add(half.entry())->arrival = clock.Monotonic();
    queue_.push_back(std::move(batch));
    return true;
  }
  // As roles::ReceiverWork.
  void Turn() {
    if (!sender.HasRoom(0)) return;
    const uint64_t tap = shuffle::TapHash("shop/tap");
    for (; !queue_.empty(); queue_.pop_front()) {
      const auto& batch = *queue_.front();
      const auto& entry = *batch.entries()[0];
      sender.Add(traffic::PartitionKey(entry), entry, batch.node(), {&tap, 1}, kWindow);
    }
    sender.EndTurn();
    sender.Publish();
  }

  static constexpr base::Nanos kWindow = 5 * base::kSecond;

  fakes::ManualClock clock;
  SimulatedOutlet outlet;
  shuffle::HalfSender sender;
  uint64_t queue_full = 0;

 private:
  static shuffle::HalfSenderOptions Options(const std::string& name, SimulatedCluster* cluster,
                                            size_t bytes_max) {
    shuffle::HalfSenderOptions out;
    out.blocks.receiver = name;
    out.blocks.partitions = static_cast<uint32_t>(cluster->partitions().size());
    out.bytes_max = bytes_max;
    return out;
  }

  base::Nanos fast_ppm_ = 0;
  std::deque<std::unique_ptr<traffic::EntryBatch>> queue_;
};

}  // namespace traffictap::simulation
