// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "fakes/entry_builder.h"
#include "shuffle/half_block.h"
#include "shuffle/partition_pairer.h"
#include "traffic/entry_batch.h"

namespace traffictap {

// One partition's log as receivers fill it, without Kafka: each has a clock of its own, and may be
// cut off from the broker for a while. One seed, one log.
class SimulatedLog {
 public:
  static constexpr base::Nanos kStart = 1'700'000'000 * base::kSecond;  // by the broker
  static constexpr base::Nanos kDelayMax = 20 * base::kMillisecond;     // of an append, usually

  struct Message {
    base::Nanos appended = 0;
    std::string receiver;
    shuffle::BlockHeader header;
    std::string bytes;
    std::vector<base::Nanos> arrivals;  // of its halves, by the broker's clock, in truth
    std::vector<std::string> tags;
  };
  // A half as it comes to a receiver.
  struct Coming {
    base::Nanos at = 0;  // since kStart
    std::string tag;
    fakes::EntryBuilder builder;
    traffic::NodePtr node;
    base::Nanos window = 5 * base::kSecond;
  };
  struct Outage {
    size_t receiver = 0;
    base::Nanos from = 0;
    base::Nanos to = 0;
  };

  SimulatedLog(uint32_t seed, size_t receivers, base::Nanos length)
      : random_(seed), receivers_(receivers), length_(length) {}

  void Cut(const Outage& outage) { outages_.push_back(outage); }
  void Add(size_t receiver, Coming half) { coming_[receiver].push_back(std::move(half)); }

  // The messages in the order of the log.
  std::vector<Message> Make() {
    std::vector<Message> out;
    for (size_t receiver = 0; receiver < receivers_; ++receiver) MakeBlocks(receiver, &out);
    std::stable_sort(out.begin(), out.end(),
                     [](const Message& a, const Message& b) { return a.appended < b.appended; });
    return out;
  }

 private:
  base::Nanos Roll(base::Nanos below) {
    return std::uniform_int_distribution<base::Nanos>(0, below - 1)(random_);
  }

  // A block each 50 ms in which something came, an empty one after half a second.
  void MakeBlocks(size_t receiver, std::vector<Message>* out) {
    const base::Nanos boot = kStart - Roll(100'000 * base::kSecond);
    auto& halves = coming_[receiver];
    std::stable_sort(halves.begin(), halves.end(),
                     [](const Coming& a, const Coming& b) { return a.at < b.at; });
    size_t next = 0;
    uint64_t sequence = 1;
    base::Nanos said = -base::kSecond;
    base::Nanos appended = 0;
    for (base::Nanos now = Roll(50) * base::kMillisecond; now < length_;
         now += 50 * base::kMillisecond) {
      Message message;
      shuffle::BlockEncoder encoder;
      for (; next < halves.size() && halves[next].at <= now; ++next) {
        Encode(halves[next], kStart + halves[next].at - boot, &encoder, &message);
      }
      if (message.tags.empty() && now - said < 500 * base::kMillisecond) continue;
      said = now;
      message.receiver = "receiver-" + std::to_string(receiver);
      message.header.receiver = message.receiver;
      message.header.first_sequence = sequence;
      sequence += message.tags.size();
      message.bytes = encoder.Seal(message.header, kStart + now - boot);
      message.header = shuffle::DecodeHeader(message.bytes).value();
      appended = std::max(appended, kStart + Reached(receiver, now) + 1 + Roll(kDelayMax));
      message.appended = appended;
      out->push_back(std::move(message));
    }
  }

  static void Encode(const Coming& half, base::Nanos arrival, shuffle::BlockEncoder* encoder,
                     Message* message) {
    traffic::EntryBatch batch(half.node);
    auto* entry = batch.Add(half.builder.entry());
    entry->arrival = arrival;
    const uint64_t tap = shuffle::TapHash("shop/tap");
    encoder->Add(*entry, half.node, {&tap, 1}, half.window);
    message->arrivals.push_back(kStart + half.at);
    message->tags.push_back(half.tag);
  }

  base::Nanos Reached(size_t receiver, base::Nanos now) const {
    for (const auto& outage : outages_) {
      if (outage.receiver == receiver && now >= outage.from && now < outage.to) return outage.to;
    }
    return now;
  }

  std::mt19937 random_;
  const size_t receivers_;
  const base::Nanos length_;
  std::map<size_t, std::vector<Coming>> coming_;
  std::vector<Outage> outages_;
};

inline shuffle::PartitionPairerOptions SimulatedOptions() {
  shuffle::PartitionPairerOptions out;
  out.tombstones_max = 1 << 10;
  out.taps = [](std::span<const uint64_t> taps) {
    traffic::TapSet set;
    for (const uint64_t tap : taps) {
      if (tap == shuffle::TapHash("shop/tap")) set.Add(0);
    }
    return set;
  };
  return out;
}

}  // namespace traffictap
