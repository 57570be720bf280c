// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/counters.h"
#include "fakes/entry_builder.h"
#include "fakes/manual_clock.h"
#include "fmt/format.h"
#include "shuffle/simulated_cluster.h"
#include "shuffle/simulated_pairer.h"
#include "shuffle/simulated_receiver.h"

namespace traffictap::simulation {

struct MeshOptions {
  uint64_t seed = 1;
  size_t receivers = 2;
  size_t pairers = 3;
  size_t bytes_max = size_t{1} << 20;  // of a receiver's blocks on their way
  bool transactions = false;           // and written() is what their readers see
};

// What was sent, whatever becomes of it.
struct Exchange {
  std::string line;  // of the record that is to come out
  std::set<std::string> tags;
  base::Nanos last = 0;  // when the last half came
};

// A mesh whose halves go through receivers, a log and pairers, all in one thread, on a clock that only Run and Settle
// turn. Its ledger knows nothing of how halves are joined.
class SimulatedMesh {
 public:
  static constexpr base::Nanos kStep = 25 * base::kMillisecond;
  static constexpr uint32_t kPartitions = 4;

  explicit SimulatedMesh(const MeshOptions& options)
      : options_(options), chance_(options.seed), cluster_(kPartitions, &clock_) {
    for (size_t i = 0; i < options.receivers; ++i) StartReceiver();
    for (size_t i = 0; i < options.pairers; ++i) StartPairer();
    Pass(base::kSecond, false);
  }

  // Lets time pass, with requests.
  void Run(base::Nanos length) { Pass(length, true); }
  // Without new ones, until nothing waits any more: a session, a dead receiver's time and a window.
  void Settle() { Pass(50 * base::kSecond, false); }
  // A moment within the next seconds that nobody can foresee.
  void RunAWhile(base::Nanos at_most = 3 * base::kSecond) { Run(kStep + chance_.Roll(at_most)); }

  size_t StartPairer() {
    pairers_.push_back(std::make_unique<SimulatedPairer>(
        pairers_.size(), &cluster_, &clock_, &chance_, options_.transactions ? &once_ : nullptr));
    return pairers_.size() - 1;
  }
  void RemoveTap() {
    for (const auto& pairer : pairers_) pairer->RemoveTap();
  }
  void KillPairer(size_t number) { pairers_[number]->alive = false; }
  void StopPairer(size_t number) { pairers_[number]->Leave(&written_); }
  void StartReceiver() {
    receivers_.push_back(std::make_unique<SimulatedReceiver>(
        fmt::format("receiver-{}", receivers_.size()), &cluster_, &chance_, options_.bytes_max));
  }
  void KillReceiver(size_t number) { receivers_[number].reset(); }
  void StopReceiver(size_t number) {
    receivers_[number]->Turn();
    receivers_[number]->sender.Finish(0);
    KillReceiver(number);
  }
  // A block that crashes every pairer that reads it, by a receiver that says goodbye at once.
  void WritePoison(uint32_t partition) {
    const auto node = fakes::MakeNode("10.0.0.9");
    traffic::EntryBatch batch(node);
    auto* entry = batch.Add(fakes::EntryBuilder::Client().Tag("poison").Id("poison").entry());
    entry->arrival = clock_.Monotonic();
    const uint64_t tap = shuffle::TapHash(kPoison);
    shuffle::BlockEncoder encoder;
    encoder.Add(*entry, node, {&tap, 1}, SimulatedReceiver::kWindow);
    shuffle::BlockHeader header;
    header.receiver = "poisoner";
    header.partition = partition;
    header.first_sequence = 1;
    cluster_.Append(partition, encoder.Seal(header, clock_.Monotonic()));
    header.first_sequence = 2;
    header.bye = true;
    cluster_.Append(partition, encoder.Seal(header, clock_.Monotonic()));
  }
  // Whoever crashes is started again.
  bool restart = false;
  uint64_t crashes = 0;

  base::Nanos now() const { return clock_.Wall(); }
  Chance& chance() { return chance_; }
  SimulatedCluster& cluster() { return cluster_; }
  SimulatedReceiver& receiver(size_t number) { return *receivers_[number]; }
  SimulatedPairer& pairer(size_t number) { return *pairers_[number]; }
  const std::vector<Exchange>& exchanges() const { return exchanges_; }
  const std::vector<Written>& written() const { return options_.transactions ? once_ : written_; }
  // The books of all partitions, by their present owners.
  shuffle::PartitionCounters Books() const {
    shuffle::PartitionCounters out;
    for (const auto& pairer : pairers_) {
      if (pairer->alive) base::AddCounters(pairer->state().counters, &out);
    }
    return out;
  }

 private:
  struct Coming {
    fakes::EntryBuilder half;
    traffic::NodePtr node;
  };

  void Pass(base::Nanos length, bool requests) {
    for (base::Nanos passed = 0; passed < length; passed += kStep) Step(requests);
  }
  void Step(bool requests) {
    clock_.Advance(kStep);
    for (base::Nanos count = requests ? chance_.Roll(3) : 0; count > 0; --count) Request();
    Receive();
    cluster_.Step();
    for (size_t i = 0; i < pairers_.size(); ++i) {
      if (!pairers_[i]->runs()) continue;
      const bool crashed = !pairers_[i]->Turn();
      pairers_[i]->Deliver(&written_);
      if (!crashed) continue;
      ++crashes;
      if (restart) StartPairer();
    }
  }
  // Proxies go to whichever receivers there are.
  void Receive() {
    std::vector<SimulatedReceiver*> up;
    for (const auto& receiver : receivers_) {
      if (receiver) up.push_back(receiver.get());
    }
    for (auto* receiver : up) receiver->Advance(kStep);
    while (!coming_.empty() && coming_.begin()->first <= now()) {
      const auto half = coming_.extract(coming_.begin());
      const auto to = chance_.Roll(static_cast<base::Nanos>(up.size()));
      up[static_cast<size_t>(to)]->Take(half.mapped().half, half.mapped().node);
    }
    for (auto* receiver : up) receiver->Turn();
  }

  // Of ten: two with one side alone, one that was tried twice, seven as usual.
  void Request() {
    const size_t number = exchanges_.size();
    const auto kind = chance_.Roll(10);
    const auto side = [&](fakes::EntryBuilder half, int port) {
      half.Id(fmt::format("{:08}-0000-4000-8000-000000000000", number));
      return half.Connection(fmt::format("10.0.0.1:{}", 1024 + number % 60'000),
                             fmt::format("10.0.0.2:{}", port));
    };
    exchanges_.emplace_back();
    std::set<std::string> servers;
    const std::string client = kind == 0 ? "" : fmt::format("c{}", number);
    if (kind == 2) {
      servers.insert(fmt::format("s{}-first", number));
      Add(*servers.begin(), 300, side(fakes::EntryBuilder::Server(), 81).Code(503));
    }
    if (kind != 1) {
      auto half = side(fakes::EntryBuilder::Server(), 80);
      half.facts().start_time += base::kMillisecond;
      servers.insert(fmt::format("s{}", number));
      Add(fmt::format("s{}", number), 400, half);
    }
    const auto half = side(fakes::EntryBuilder::Client(), 80).Attempts(kind == 2 ? 2 : 1);
    if (kind != 0) Add(client, 400, half);
    exchanges_.back().line = LineOf(client, servers);
  }
  void Add(const std::string& tag, base::Nanos below_ms, fakes::EntryBuilder half) {
    const base::Nanos at = now() + chance_.Roll(below_ms * base::kMillisecond);
    Exchange& exchange = exchanges_.back();
    exchange.tags.insert(tag);
    exchange.last = std::max(exchange.last, at);
    coming_.emplace(
        at, Coming{half.Tag(tag), fakes::MakeNode(tag[0] == 'c' ? "10.0.0.1" : "10.0.0.2")});
  }

  const MeshOptions options_;
  fakes::ManualClock clock_;
  Chance chance_;
  SimulatedCluster cluster_;
  std::vector<std::unique_ptr<SimulatedReceiver>> receivers_;  // null: it is gone
  std::vector<std::unique_ptr<SimulatedPairer>> pairers_;
  std::multimap<base::Nanos, Coming> coming_;
  std::vector<Exchange> exchanges_;
  std::vector<Written> written_;  // by the outputs that are a little behind
  std::vector<Written> once_;     // in transactions that were committed
};

}  // namespace traffictap::simulation
