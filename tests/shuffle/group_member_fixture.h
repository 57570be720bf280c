// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fakes/collecting_consumer.h"
#include "fakes/entry_builder.h"
#include "fakes/manual_clock.h"
#include "shuffle/fake_pairer_log.h"
#include "shuffle/group_member.h"
#include "shuffle/simulated_log.h"
#include "traffic/entry_batch.h"

namespace traffictap {

// Members of a group with a log that the test fills.
struct GroupMemberTest {
  // A pairer with what it has of the mesh.
  struct Pairer {
    explicit Pairer(GroupMemberTest* test)
        : log(&test->topics), member(test->Options(), &log, &collected, &test->clock) {}
    void Turn() {
      member.Turn(0);
      member.EndTurn();
    }
    FakePairerLog log;
    fakes::CollectingConsumer collected;
    shuffle::GroupMember member;
  };

  shuffle::GroupMemberOptions Options() {
    shuffle::GroupMemberOptions out;
    out.release_wait = 20 * base::kMillisecond;
    out.cipher = reads;
    out.taps = [this, taps = SimulatedOptions().taps](std::span<const uint64_t> hashes) {
      clock.Advance(block_takes);
      return taps(hashes);
    };
    out.waits = [this](const auto&, base::Nanos) { return waits; };
    out.outputs = [this] {
      if (progress) progress();
      return outputs;
    };
    return out;
  }
  // One half in a block of its own, `at` after the log's begin.
  void Write(const fakes::EntryBuilder& half, base::Nanos at, uint32_t partition = 0) {
    traffic::EntryBatch batch(node);
    auto* entry = batch.Add(half.entry());
    entry->arrival = at;
    const uint64_t tap = shuffle::TapHash("shop/tap");
    shuffle::BlockEncoder encoder;
    encoder.Add(*entry, node, {&tap, 1}, 5 * base::kSecond);
    Append(encoder, at, partition);
  }
  // Lets time pass.
  void Silence(base::Nanos at, uint32_t partition = 0) {
    shuffle::BlockEncoder encoder;
    Append(encoder, at, partition);
  }
  void Append(shuffle::BlockEncoder& encoder, base::Nanos at, uint32_t partition) {
    shuffle::BlockHeader header;
    header.receiver = "r";
    header.partition = partition;
    header.first_sequence = next[partition];
    next[partition] += encoder.count();
    topics.halves[partition].push_back(
        {SimulatedLog::kStart + at, encoder.Seal(header, at, writes.get())});
  }
  static fakes::EntryBuilder Side(fakes::EntryBuilder of, const std::string& tag) {
    return of.Tag(tag).Id(tag).Connection("10.0.0.1:5000", "10.0.0.2:80");
  }
  void WritePair(const std::string& tag, base::Nanos at) {
    Write(Side(fakes::EntryBuilder::Client(), tag), at);
    Write(Side(fakes::EntryBuilder::Server(), tag), at + base::kMillisecond);
  }
  static std::vector<std::string> Clients(const Pairer& pairer) {
    std::vector<std::string> out;
    for (const auto& emitted : pairer.collected.emitted) out.push_back(emitted.client);
    return out;
  }
  int64_t Committed(uint32_t partition = 0) {
    const auto found = topics.committed.find(partition);
    return found == topics.committed.end() ? -1 : found->second.first;
  }

  const traffic::NodePtr node = fakes::MakeNode("10.0.0.1");
  std::map<uint32_t, uint64_t> next = {{0, 1}, {1, 1}};
  fakes::ManualClock clock;
  FakeTopics topics;
  shuffle::OutputsProgress outputs;
  std::function<void()> progress;                       // before each look at them
  base::Nanos block_takes = 0;                          // to be read, if it has halves
  bool waits = false;                                   // for taps that are still to come
  std::shared_ptr<shuffle::BlockCipher> reads, writes;  // null: blocks are plain
};

}  // namespace traffictap
