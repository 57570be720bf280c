// SPDX-License-Identifier: Apache-2.0
#include "shuffle/partition_pairer.h"

#include <boost/test/unit_test.hpp>
#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include "fakes/captured_log.h"
#include "fakes/collecting_consumer.h"
#include "pairing/random_halves.h"
#include "shuffle/noted_proxies.h"
#include "shuffle/raw_block.h"
#include "shuffle/sample_keys.h"
#include "shuffle/simulated_log.h"

namespace traffictap {

using base::kMillisecond;
using base::kSecond;
using shuffle::PartitionPairer;

namespace {

constexpr base::Nanos kT = SimulatedLog::kStart;

// One line for a record: which halves are in it. Reasons may differ after a takeover, as what was
// emitted longer ago than a window is forgotten.
std::string LineOf(const fakes::Emitted& emitted) {
  std::string out = emitted.client + ":";
  for (const auto& server : emitted.servers) out += server + ",";
  return out;
}

// A partition with blocks that the test makes.
struct Blocks {
  PartitionPairer Make() { return PartitionPairer(SimulatedOptions(), &collected); }
  PartitionPairer MakeWith(std::shared_ptr<shuffle::BlockCipher> reads, uint32_t partition = 0) {
    auto options = SimulatedOptions();
    options.partition = partition;
    options.cipher = std::move(reads);
    return PartitionPairer(options, &collected);
  }

  std::string Seal(const std::string& receiver, uint64_t first,
                   const std::vector<fakes::EntryBuilder>& halves, base::Nanos now,
                   uint64_t tap = shuffle::TapHash("shop/tap")) {
    shuffle::BlockEncoder encoder;
    for (const auto& half : halves) {
      traffic::EntryBatch batch(node);
      auto* entry = batch.Add(half.entry());
      entry->arrival = now;
      encoder.Add(*entry, node, {&tap, 1}, 5 * kSecond);
    }
    shuffle::BlockHeader header;
    header.receiver = receiver;
    header.first_sequence = first;
    return encoder.Seal(header, now, writes.get());
  }
  Status Take(PartitionPairer& pairer, const std::string& bytes, base::Nanos now) {
    return pairer.Take({offset++, kT + now, bytes});
  }
  static fakes::EntryBuilder Client(const std::string& tag) {
    return fakes::EntryBuilder::Client().Tag(tag).Id(tag).Connection("10.0.0.1:5000",
                                                                     "10.0.0.2:80");
  }

  traffic::NodePtr node = fakes::MakeNode("10.0.0.1");
  std::shared_ptr<shuffle::BlockCipher> writes;  // null: blocks are plain
  fakes::CollectingConsumer collected;
  int64_t offset = 100;
};

// The log of a small mesh: random exchanges over three receivers, one of them cut off for a while.
std::vector<SimulatedLog::Message> MeshLog(uint32_t seed) {
  RandomHalves halves(seed);
  SimulatedLog log(seed, 3, 40 * kSecond);
  base::Nanos at = kSecond;
  std::set<std::string> tags;
  for (const auto& half : halves.Make(60)) {
    // A copy that comes much later than a window is known to nobody after a takeover.
    if (!tags.insert(half.tag).second) continue;
    at += halves.Roll(300) * kMillisecond;
    log.Add(static_cast<size_t>(halves.Roll(3)),
            {at, half.tag, EntryOf(half), fakes::MakeNode(half.node), half.window});
  }
  log.Cut({1, 8 * kSecond, 8 * kSecond + halves.Roll(5) * kSecond + 1});
  return log.Make();
}

struct Replay {
  explicit Replay(const std::vector<SimulatedLog::Message>& of) : log(of) {}

  void Run(PartitionPairer& pairer, size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      BOOST_REQUIRE(pairer.Take({static_cast<int64_t>(i), log[i].appended, log[i].bytes}).ok());
    }
  }
  static std::vector<std::string> Lines(const fakes::CollectingConsumer& collected, size_t from) {
    std::vector<std::string> out;
    for (size_t i = from; i < collected.emitted.size(); ++i) {
      out.push_back(LineOf(collected.emitted[i]));
    }
    return out;
  }

  const std::vector<SimulatedLog::Message>& log;
};

uint64_t Sum(const pairing::JoinCounters& joins) {
  uint64_t out = 2 * joins.pairs + joins.retries + joins.duplicates + joins.open +
                 joins.intermediate + joins.waiting;
  for (const uint64_t orphans : joins.orphans) out += orphans;
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(partition_pairer, Blocks)

BOOST_AUTO_TEST_CASE(halves_join_at_once_and_end_by_the_time_of_the_partition_alone) {
  auto pairer = Make();
  BOOST_TEST(
      Take(pairer, Seal("a", 1, {Client("c"), Client("lone")}, 10 * kSecond), 10 * kSecond).ok());
  const auto server =
      fakes::EntryBuilder::Server().Tag("s").Id("c").Connection("10.0.0.1:5000", "10.0.0.2:80");
  BOOST_TEST(Take(pairer, Seal("b", 1, {server}, 11 * kSecond), 11 * kSecond).ok());
  BOOST_TEST(collected.emitted.size() == 1u);
  BOOST_TEST(LineOf(collected.emitted[0]) == "c:s,");
  BOOST_TEST(pairer.NeedsTime());
  // One of the receivers holds time back.
  BOOST_TEST(Take(pairer, Seal("a", 3, {}, 20 * kSecond), 20 * kSecond).ok());
  BOOST_TEST(collected.emitted.size() == 1u);
  BOOST_TEST(Take(pairer, Seal("b", 2, {}, 20 * kSecond), 20 * kSecond).ok());
  BOOST_TEST(collected.emitted.size() == 2u);
  BOOST_TEST(!pairer.NeedsTime());
}

BOOST_AUTO_TEST_CASE(a_gap_in_a_receivers_numbers_is_lost_and_a_repetition_is_skipped) {
  auto pairer = Make();
  BOOST_TEST(Take(pairer, Seal("a", 1, {Client("1"), Client("2")}, kSecond), kSecond).ok());
  BOOST_TEST(Take(pairer, Seal("a", 2, {Client("2"), Client("3")}, kSecond), kSecond).ok());
  BOOST_TEST(pairer.counters().repeated == 1u);
  BOOST_TEST(pairer.counters().received == 3u);
  BOOST_TEST(pairer.counters().lost == 0u);
  BOOST_TEST(Take(pairer, Seal("a", 7, {Client("7")}, kSecond), kSecond).ok());
  BOOST_TEST(pairer.counters().lost == 3u);
  BOOST_TEST(Take(pairer, Seal("a", 10, {}, 8 * kSecond), 8 * kSecond).ok());
  BOOST_TEST(pairer.counters().lost == 5u);
  BOOST_TEST((collected.emitted.back().reason == traffic::OrphanReason::kLostInBuffer));
  // The numbers of each receiver are its own.
  BOOST_TEST(Take(pairer, Seal("b", 1, {Client("b1")}, kSecond), 8 * kSecond).ok());
  BOOST_TEST(pairer.counters().repeated == 1u);
}

BOOST_AUTO_TEST_CASE(the_proxies_are_told_who_was_heard_and_say_why_a_half_is_alone) {
  using pairing::PeerState;
  using traffic::OrphanReason;
  struct Case {
    PeerState peer;
    bool complete;
    bool lost;
    OrphanReason reason;
  };
  // A loss in the partition is that of a proxy that sends, or that nobody knows.
  for (const Case& one : std::initializer_list<Case>{
           {PeerState::kTapped, true, false, OrphanReason::kNeverArrived},
           {PeerState::kWarmingUp, true, false, OrphanReason::kDrainingConnection},
           {PeerState::kLost, true, false, OrphanReason::kLostInBuffer},
           {PeerState::kUnknown, true, false, OrphanReason::kPeerNotMeshed},
           {PeerState::kTapped, true, true, OrphanReason::kLostInBuffer},
           {PeerState::kUnknown, true, true, OrphanReason::kPeerNotMeshed},
           {PeerState::kUnknown, false, true, OrphanReason::kLostInBuffer}}) {
    NotedProxies proxies;
    proxies.state = one.peer;
    proxies.all = one.complete;
    auto options = SimulatedOptions();
    options.proxies = &proxies;
    PartitionPairer pairer(options, &collected);
    BOOST_TEST(Take(pairer, Seal("a", 1, {Client("1")}, kSecond), kSecond).ok());
    BOOST_TEST(Take(pairer, Seal("a", one.lost ? 4 : 2, {}, 2 * kSecond), 2 * kSecond).ok());
    BOOST_TEST(Take(pairer, Seal("a", one.lost ? 4 : 2, {}, 9 * kSecond), 9 * kSecond).ok());
    BOOST_REQUIRE(!collected.emitted.empty());
    BOOST_CHECK(collected.emitted.back().reason == one.reason);
    const std::string start = std::to_string(kT / kSecond);
    BOOST_TEST(
        proxies.heard == (std::vector<std::string>{"a 1 " + start, "a 2 " + start, "a 9 " + start}),
        boost::test_tools::per_element());
    // Its next owner knows that as well.
    NotedProxies next;
    options.proxies = &next;
    const PartitionPairer successor(options, &collected, pairer.Note());
    BOOST_TEST(next.heard == std::vector<std::string>{"a 9 " + start},
               boost::test_tools::per_element());
    collected.emitted.clear();
  }
}

BOOST_AUTO_TEST_CASE(what_is_known_of_proxies_keeps_no_halves_apart) {
  for (const auto state : {pairing::PeerState::kUnknown, pairing::PeerState::kTapped}) {
    NotedProxies proxies;
    proxies.state = state;
    proxies.all = true;
    auto options = SimulatedOptions();
    options.proxies = &proxies;
    PartitionPairer pairer(options, &collected);
    const auto id = "00000001-0000-4000-8000-000000000000";
    const auto client =
        fakes::EntryBuilder::Client().Tag("c").Id(id).Connection("10.0.0.1:5000", "10.0.0.9:80");
    const auto server =
        fakes::EntryBuilder::Server().Tag("s").Id(id).Connection("10.0.0.8:1000", "10.0.0.2:80");
    BOOST_TEST(Take(pairer, Seal("a", 1, {client}, kSecond), kSecond).ok());
    node = fakes::MakeNode("10.0.0.2", "server");
    BOOST_TEST(Take(pairer, Seal("a", 2, {server}, 2 * kSecond), 2 * kSecond).ok());
    BOOST_TEST(Take(pairer, Seal("a", 3, {}, 9 * kSecond), 9 * kSecond).ok());
    BOOST_REQUIRE(collected.emitted.size() == 1u);
    BOOST_TEST(LineOf(collected.emitted[0]) == "c:s,");
    collected.emitted.clear();
    node = fakes::MakeNode("10.0.0.1");
  }
}

BOOST_AUTO_TEST_CASE(a_goodbye_is_told_to_the_proxies_and_a_tick_is_not) {
  NotedProxies proxies;
  auto options = SimulatedOptions();
  options.proxies = &proxies;
  PartitionPairer pairer(options, &collected);
  shuffle::BlockHeader header;
  BOOST_TEST(Take(pairer, shuffle::BlockEncoder().Seal(header, kSecond), kSecond).ok());
  BOOST_TEST(proxies.heard.empty());
  header.receiver = "a";
  header.first_sequence = 1;
  header.bye = true;
  BOOST_TEST(Take(pairer, shuffle::BlockEncoder().Seal(header, kSecond), kSecond).ok());
  BOOST_REQUIRE(proxies.heard.size() == 1u);
  BOOST_TEST(proxies.heard[0].ends_with(" bye"));
}

BOOST_AUTO_TEST_CASE(a_dead_receiver_is_its_own_proxies_loss_alone_where_all_are_known) {
  for (const bool complete : {false, true}) {
    NotedProxies proxies;
    proxies.all = complete;
    proxies.state = pairing::PeerState::kTapped;
    auto options = SimulatedOptions();
    options.proxies = &proxies;
    PartitionPairer pairer(options, &collected);
    BOOST_TEST(Take(pairer, Seal("b", 1, {}, kSecond), kSecond).ok());
    BOOST_TEST(Take(pairer, Seal("a", 1, {Client("1")}, 30 * kSecond), 30 * kSecond).ok());
    BOOST_TEST(Take(pairer, Seal("a", 2, {}, 40 * kSecond), 40 * kSecond).ok());
    BOOST_REQUIRE(!collected.emitted.empty());
    BOOST_CHECK(
        collected.emitted.back().reason ==
        (complete ? traffic::OrphanReason::kNeverArrived : traffic::OrphanReason::kLostInBuffer));
    collected.emitted.clear();
  }
}

BOOST_AUTO_TEST_CASE(
    what_is_behind_a_gateway_may_be_lost_with_a_receiver_though_its_address_is_unknown) {
  for (const bool meshed : {false, true}) {
    NotedProxies proxies;
    proxies.all = true;
    auto options = SimulatedOptions();
    options.proxies = &proxies;
    PartitionPairer pairer(options, &collected);
    auto half = Client("1");
    if (meshed) half.facts().peer_mesh = traffic::PeerMesh::kMeshed;
    BOOST_TEST(Take(pairer, Seal("b", 1, {}, kSecond), kSecond).ok());
    BOOST_TEST(Take(pairer, Seal("a", 1, {half}, 30 * kSecond), 30 * kSecond).ok());
    BOOST_TEST(Take(pairer, Seal("a", 2, {}, 40 * kSecond), 40 * kSecond).ok());
    BOOST_REQUIRE(!collected.emitted.empty());
    BOOST_CHECK(
        collected.emitted.back().reason ==
        (meshed ? traffic::OrphanReason::kLostInBuffer : traffic::OrphanReason::kPeerNotMeshed));
    collected.emitted.clear();
  }
}

BOOST_AUTO_TEST_CASE(a_broken_block_is_counted_as_lost_and_skipped) {
  auto pairer = Make();
  std::string torn = Seal("a", 1, {Client("1"), Client("2")}, kSecond);
  torn.back() = static_cast<char>(torn.back() ^ 1);
  BOOST_TEST(Take(pairer, torn, kSecond).ok());
  BOOST_TEST(pairer.counters().broken_blocks == 1u);
  BOOST_TEST(pairer.counters().lost == 2u);
  BOOST_TEST(Take(pairer, "nothing of ours", kSecond).ok());
  BOOST_TEST(pairer.counters().broken_blocks == 2u);
  BOOST_TEST(Take(pairer, Seal("a", 3, {Client("3")}, kSecond), kSecond).ok());
  BOOST_TEST(pairer.counters().lost == 2u);
  BOOST_TEST(pairer.counters().received == 1u);
  BOOST_TEST(pairer.Note().next_offset == 103);
}

BOOST_AUTO_TEST_CASE(a_block_that_is_skipped_is_not_read_and_its_halves_are_lost) {
  auto pairer = Make();
  pairer.Skip({101});
  BOOST_TEST(Take(pairer, Seal("a", 1, {Client("1")}, kSecond), kSecond).ok());
  BOOST_TEST(Take(pairer, Seal("a", 2, {Client("2"), Client("3")}, kSecond), kSecond).ok());
  BOOST_TEST(pairer.counters().skipped_blocks == 1u);
  BOOST_TEST(pairer.counters().received == 1u);
  BOOST_TEST(Take(pairer, Seal("a", 4, {Client("4")}, kSecond), kSecond).ok());
  BOOST_TEST(pairer.counters().lost == 2u);
  BOOST_TEST(pairer.counters().received == 2u);
  BOOST_TEST(pairer.counters().broken_blocks == 0u);
}

// Nor when it is read again by a later owner.
BOOST_AUTO_TEST_CASE(what_is_skipped_stays_skipped_as_long_as_it_would_be_read_again) {
  auto pairer = Make();
  pairer.Skip({101});
  BOOST_TEST(Take(pairer, Seal("a", 1, {Client("1")}, kSecond), kSecond).ok());
  const auto deadly = Seal("a", 2, {Client("2")}, kSecond);
  BOOST_TEST(Take(pairer, deadly, kSecond).ok());
  const auto checkpoint = pairer.Note();
  BOOST_TEST(checkpoint.skipped == std::vector<int64_t>{101}, boost::test_tools::per_element());
  auto options = SimulatedOptions();
  size_t read = 0;
  options.taps = [&](std::span<const uint64_t> taps) {
    ++read;
    return SimulatedOptions().taps(taps);
  };
  PartitionPairer next(options, &collected,
                       shuffle::DecodeCheckpoint(shuffle::Encode(checkpoint)).value());
  offset = checkpoint.read_from;
  BOOST_TEST(Take(next, Seal("a", 1, {Client("1")}, kSecond), kSecond).ok());
  BOOST_TEST(Take(next, deadly, kSecond).ok());
  BOOST_TEST(next.restored());
  BOOST_TEST(read == 1u);
  BOOST_TEST(next.counters().skipped_blocks == 1u);
  BOOST_TEST(next.joins().waiting == 1u);
  // Half a minute on it is forgotten.
  BOOST_TEST(Take(next, Seal("a", 3, {}, 40 * kSecond), 40 * kSecond).ok());
  BOOST_TEST(Take(next, Seal("a", 3, {}, 80 * kSecond), 80 * kSecond).ok());
  BOOST_TEST(next.Note().skipped.empty());
}

BOOST_AUTO_TEST_CASE(a_block_of_another_partition_is_broken) {
  auto options = SimulatedOptions();
  options.partition = 5;
  PartitionPairer pairer(options, &collected);
  BOOST_TEST(Take(pairer, Seal("a", 1, {Client("1")}, kSecond), kSecond).ok());
  BOOST_TEST(pairer.counters().broken_blocks == 1u);
  BOOST_TEST(pairer.joins().waiting == 0u);
}

BOOST_AUTO_TEST_CASE(encrypted_halves_join_and_a_checkpoint_has_nothing_of_those_that_wait) {
  writes = MakeCipher();
  auto pairer = MakeWith(MakeCipher());
  const auto server =
      fakes::EntryBuilder::Server().Tag("s").Id("c").Connection("10.0.0.1:5000", "10.0.0.2:80");
  BOOST_TEST(Take(pairer, Seal("a", 1, {Client("c"), Client("lonely")}, kSecond), kSecond).ok());
  BOOST_TEST(Take(pairer, Seal("b", 1, {server}, kSecond), kSecond).ok());
  BOOST_TEST(pairer.joins().pairs == 1u);
  BOOST_TEST(pairer.joins().waiting == 1u);
  // It is not encrypted: it names receivers and places, and no entry.
  const std::string checkpoint = shuffle::Encode(pairer.Note());
  BOOST_TEST(checkpoint.find("lonely") == std::string::npos);
  const auto lonely = Client("lonely");
  for (size_t text = 0; text < traffic::kTextCount; ++text) {
    const std::string_view of = lonely.entry().text(static_cast<traffic::Text>(text));
    BOOST_TEST((of.size() < 4 || checkpoint.find(of) == std::string::npos), of);
  }
}

BOOST_AUTO_TEST_CASE(a_plain_block_is_refused_where_they_are_encrypted_and_nothing_of_it_believed) {
  fakes::CapturedLog log("shuffle");
  auto pairer = MakeWith(MakeCipher());
  BOOST_TEST(Take(pairer, Seal("a", 1, {Client("1"), Client("2")}, kSecond), kSecond).ok());
  BOOST_TEST(Take(pairer, Seal("a", 900, {}, 2 * kSecond), 2 * kSecond).ok());
  BOOST_TEST(pairer.counters().refused_blocks == 2u);
  BOOST_TEST(pairer.counters().blocks == 2u);
  BOOST_TEST(pairer.counters().lost == 0u);
  BOOST_TEST(pairer.counters().broken_blocks == 0u);
  BOOST_TEST(pairer.joins().kept == 0u);
  BOOST_TEST(pairer.now() == 0);
  const auto lines = log.Lines("block refused");
  BOOST_REQUIRE(lines.size() == 1u);
  BOOST_TEST(lines[0].find("offset=100 err=\"it is not encrypted") != std::string::npos, lines[0]);
  // The true halves of that name and these numbers are no copies.
  writes = MakeCipher();
  BOOST_TEST(Take(pairer, Seal("a", 1, {Client("1")}, 3 * kSecond), 3 * kSecond).ok());
  BOOST_TEST(pairer.counters().received == 1u);
  BOOST_TEST(pairer.counters().repeated == 0u);
  writes = nullptr;
  BOOST_TEST(Take(pairer, Seal("a", 1, {}, 61 * kSecond), 61 * kSecond).ok());
  BOOST_TEST(log.Lines("block refused").size() == 2u);
}

BOOST_AUTO_TEST_CASE(while_encryption_is_introduced_plain_blocks_are_taken_as_well) {
  auto pairer = MakeWith(MakeCipher(SampleKeys(), true));
  BOOST_TEST(Take(pairer, Seal("a", 1, {Client("1")}, kSecond), kSecond).ok());
  writes = MakeCipher();
  BOOST_TEST(Take(pairer, Seal("a", 2, {Client("2")}, kSecond), kSecond).ok());
  BOOST_TEST(pairer.counters().received == 2u);
  BOOST_TEST(pairer.counters().refused_blocks == 0u);
}

BOOST_AUTO_TEST_CASE(a_block_that_was_altered_is_refused_and_a_damaged_one_missed_by_its_numbers) {
  writes = MakeCipher();
  auto pairer = MakeWith(MakeCipher());
  const std::string bytes = Seal("a", 1, {Client("1"), Client("2")}, kSecond);
  const std::string header = shuffle::RawParts(bytes).header;
  BOOST_TEST(Take(pairer, shuffle::RawBlock(header, std::string(100, 'x')), kSecond).ok());
  BOOST_TEST(pairer.counters().refused_blocks == 1u);
  std::string damaged = bytes;
  damaged[damaged.size() - 10] = static_cast<char>(damaged[damaged.size() - 10] ^ 1);
  BOOST_TEST(Take(pairer, damaged, kSecond).ok());
  BOOST_TEST(pairer.counters().broken_blocks == 1u);
  BOOST_TEST(pairer.counters().refused_blocks == 1u);
  // Nobody vouches for its header before the next true block.
  BOOST_TEST(pairer.counters().lost == 0u);
  BOOST_TEST(pairer.now() == 0);
  BOOST_TEST(Take(pairer, Seal("a", 3, {Client("3")}, 2 * kSecond), 2 * kSecond).ok());
  BOOST_TEST(pairer.counters().lost == 2u);
  BOOST_TEST(pairer.counters().received == 1u);
}

BOOST_AUTO_TEST_CASE(an_encrypted_block_that_somebody_repeats_counts_once_and_nowhere_else) {
  writes = MakeCipher();
  const std::string bytes = Seal("a", 1, {Client("1")}, kSecond);
  auto pairer = MakeWith(MakeCipher()), other = MakeWith(MakeCipher(), 5);
  BOOST_TEST(Take(pairer, bytes, kSecond).ok());
  BOOST_TEST(Take(pairer, bytes, 2 * kSecond).ok());
  BOOST_TEST(pairer.counters().received == 1u);
  BOOST_TEST(pairer.counters().repeated == 1u);
  BOOST_TEST(Take(other, bytes, 2 * kSecond).ok());
  BOOST_TEST(other.counters().broken_blocks == 1u);
  BOOST_TEST(other.counters().received == 0u);
}

BOOST_AUTO_TEST_CASE(a_block_whose_key_is_not_here_is_not_taken) {
  writes = MakeCipher();
  const std::string bytes = Seal("a", 1, {Client("1")}, kSecond);
  auto without = Make(), other = MakeWith(MakeCipher(SampleKeys("other")));
  for (auto* pairer : {&without, &other}) {
    const Status taken = Take(*pairer, bytes, kSecond);
    BOOST_TEST(absl::IsFailedPrecondition(taken), taken);
    BOOST_TEST(Message(taken).find("partition 0 waits at offset 10") == 0u, Message(taken));
    BOOST_TEST(Message(taken).find("\"2026-11\"") != std::string::npos, Message(taken));
    BOOST_TEST(pairer->counters().blocks == 0u);
  }
}

BOOST_AUTO_TEST_CASE(halves_of_taps_that_nobody_knows_are_filtered) {
  auto pairer = Make();
  const auto bytes = Seal("a", 1, {Client("1")}, kSecond, shuffle::TapHash("shop/other"));
  BOOST_TEST(Take(pairer, bytes, kSecond).ok());
  BOOST_TEST(pairer.counters().filtered == 1u);
  BOOST_TEST(pairer.joins().kept == 0u);
}

// A half that was filtered is no copy of one that comes for a tap which is known, and its request was
// not emitted.
BOOST_AUTO_TEST_CASE(filtered_halves_are_as_unknown_to_the_next_owner_as_to_the_first) {
  const auto filtered = Seal("a", 1, {Client("1")}, kSecond, shuffle::TapHash("shop/other"));
  const auto server =
      fakes::EntryBuilder::Server().Tag("s").Id("1").Connection("10.0.0.1:5000", "10.0.0.2:80");
  auto first = Make();
  BOOST_TEST(Take(first, filtered, kSecond).ok());
  const auto checkpoint = first.Note();
  BOOST_TEST(checkpoint.read_from == 100);
  PartitionPairer next(SimulatedOptions(), &collected, checkpoint);
  BOOST_TEST(!next.restored());
  offset = checkpoint.read_from;
  BOOST_TEST(Take(next, filtered, kSecond).ok());
  BOOST_TEST(next.restored());
  BOOST_TEST(Take(next, Seal("b", 1, {Client("1"), server}, 2 * kSecond), 2 * kSecond).ok());
  BOOST_TEST(next.joins().duplicates == 0u);
  BOOST_TEST(next.joins().pairs == 1u);
  BOOST_TEST(next.counters().filtered == 1u);
}

BOOST_AUTO_TEST_CASE(halves_that_waited_and_are_gone_from_the_log_are_lost_and_the_books_add_up) {
  auto pairer = Make();
  BOOST_TEST(Take(pairer, Seal("a", 1, {Client("1"), Client("2")}, kSecond), kSecond).ok());
  const auto checkpoint = pairer.Note();
  BOOST_TEST(checkpoint.waiting.size() == 2u);
  PartitionPairer other(SimulatedOptions(), &collected, checkpoint);
  BOOST_TEST(!other.restored());
  BOOST_TEST(other.Note().waiting.size() == 2u);
  BOOST_TEST(Take(other, Seal("a", 3, {}, 2 * kSecond), 2 * kSecond).ok());
  BOOST_TEST(other.restored());
  BOOST_TEST(other.counters().lost == 2u);
  BOOST_TEST(other.counters().received == 0u);
  BOOST_TEST(other.joins().kept == Sum(other.joins()));
}

BOOST_AUTO_TEST_CASE(what_a_removed_tap_waits_for_is_shown_to_it) {
  auto pairer = Make();
  BOOST_TEST(Take(pairer, Seal("a", 1, {Client("1")}, kSecond), kSecond).ok());
  traffic::TapSet removed;
  removed.Add(0);
  pairer.RemoveTaps(removed);
  BOOST_TEST(collected.emitted.size() == 1u);
}

BOOST_AUTO_TEST_CASE(no_pair_is_torn_where_its_receiver_cannot_reach_the_broker_for_a_while) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SimulatedLog simulated(seed, 2, 60 * kSecond);
    for (int i = 0; i < 50; ++i) {
      const std::string tag = std::to_string(i);
      const base::Nanos at = kSecond + i * 600 * kMillisecond;
      simulated.Add(0, {at, "c" + tag, Client("c" + tag).Id(tag), node});
      const auto server = fakes::EntryBuilder::Server().Tag("s" + tag).Id(tag).Connection(
          "10.0.0.1:5000", "10.0.0.2:80");
      simulated.Add(1, {at + (i % 5) * kSecond - 100 * kMillisecond, "s" + tag, server, node});
    }
    simulated.Cut({1, 10 * kSecond, 10 * kSecond + (seed % 29) * kSecond + 1});
    const auto log = simulated.Make();
    fakes::CollectingConsumer pairs;
    PartitionPairer pairer(SimulatedOptions(), &pairs);
    Replay(log).Run(pairer, 0, log.size());
    BOOST_TEST(pairs.emitted.size() == 50u, "seed " << seed);
    BOOST_TEST(pairer.joins().pairs == 50u, "seed " << seed);
  }
}

// An owner that takes over at any message goes on as if it had been there from the first.
BOOST_AUTO_TEST_CASE(wherever_a_log_is_cut_the_next_owner_writes_what_the_first_would_have) {
  size_t cuts = 0;
  size_t waited = 0;
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    const auto log = MeshLog(seed);
    Replay replay(log);
    fakes::CollectingConsumer all;
    PartitionPairer first(SimulatedOptions(), &all);
    std::vector<std::string> checkpoints;
    std::vector<size_t> written;
    for (size_t i = 0; i < log.size(); ++i) {
      checkpoints.push_back(shuffle::Encode(first.Note()));
      written.push_back(all.emitted.size());
      replay.Run(first, i, i + 1);
    }
    BOOST_TEST(first.joins().kept == Sum(first.joins()));
    // Offset 0 is where nobody has been yet.
    for (size_t cut = 1; cut < log.size(); ++cut, ++cuts) {
      const auto checkpoint = shuffle::DecodeCheckpoint(checkpoints[cut]).value();
      BOOST_REQUIRE(checkpoint.next_offset == static_cast<int64_t>(cut));
      waited += checkpoint.waiting.size();
      fakes::CollectingConsumer rest;
      PartitionPairer next(SimulatedOptions(), &rest, checkpoint);
      replay.Run(next, static_cast<size_t>(checkpoint.read_from), log.size());
      BOOST_TEST_CONTEXT("seed " << seed << " cut " << cut) {
        BOOST_TEST(Replay::Lines(rest, 0) == Replay::Lines(all, written[cut]),
                   boost::test_tools::per_element());
        BOOST_TEST(next.joins().pairs == first.joins().pairs);
        BOOST_TEST(next.joins().kept == first.joins().kept);
        BOOST_TEST((next.counters() == first.counters()));
        BOOST_TEST(next.now() == first.now());
      }
    }
  }
  BOOST_TEST(cuts > 1'000u);
  BOOST_TEST(waited > cuts);
}

// Owner after owner, each for a few messages, as in a storm of rebalances.
BOOST_AUTO_TEST_CASE(many_owners_in_turn_write_what_one_would_have) {
  for (uint32_t seed = 101; seed <= 103; ++seed) {
    const auto log = MeshLog(seed);
    Replay replay(log);
    fakes::CollectingConsumer one;
    PartitionPairer alone(SimulatedOptions(), &one);
    replay.Run(alone, 0, log.size());
    fakes::CollectingConsumer many;
    PartitionPairer begin(SimulatedOptions(), &many);
    replay.Run(begin, 0, 1);
    std::string checkpoint = shuffle::Encode(begin.Note());
    for (size_t at = 1; at < log.size();) {
      const auto from = shuffle::DecodeCheckpoint(checkpoint).value();
      PartitionPairer owner(SimulatedOptions(), &many, from);
      const size_t to = std::min(log.size(), at + 1 + at % 7);
      replay.Run(owner, static_cast<size_t>(from.read_from), to);
      checkpoint = shuffle::Encode(owner.Note());
      at = to;
    }
    BOOST_TEST(Replay::Lines(many, 0) == Replay::Lines(one, 0), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
