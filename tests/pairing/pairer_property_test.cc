// SPDX-License-Identifier: Apache-2.0
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "pairing/random_halves.h"

namespace traffictap {

using traffic::TapSet;

TapSet Only(size_t tap) {
  TapSet out;
  out.Add(tap);
  return out;
}

base::Nanos WindowOf(const TapSet& taps) {
  base::Nanos longest = 0;
  taps.ForEach([&](size_t tap) { longest = std::max(longest, RandomHalves::kWindows[tap]); });
  return longest;
}

// Proxies as the story has them: .1 and .2 are tapped, .3 loses entries now and then, .4 is
// unknown.
struct Peers final : pairing::PeerStates {
  base::Nanos lost_at = INT64_MIN;

  void Lose(base::Nanos now) { lost_at = now; }
  pairing::PeerState Lookup(const pairing::PeerPlace& peer, base::Nanos since,
                            base::Nanos) const override {
    return State(peer.address.IpString(), since);
  }
  pairing::PeerState State(const std::string& ip, base::Nanos since) const {
    const bool in_the_mesh = ip.starts_with("10.0.0.") || ip.starts_with("10.0.1.");
    if (!in_the_mesh || ip.back() == '4') return pairing::PeerState::kUnknown;
    return ip.back() == '3' && lost_at >= since ? pairing::PeerState::kLost
                                                : pairing::PeerState::kTapped;
  }
};

// Plays one story to the pairer and to whoever else wants to hear it.
class Story {
 public:
  Story(uint32_t seed, size_t waiting_bytes_max) : halves_(seed) {
    pairing::PairerOptions options;
    options.waiting_bytes_max = waiting_bytes_max;
    options.tombstones_max = 1 << 12;
    options.window = WindowOf;
    pairer = std::make_unique<pairing::Pairer>(options, &peers_, &collected);
  }

  void Add(ModelHalf half) {
    // What only a removed tap admitted on its way here waits for nothing.
    half.window = WindowOf(Only(half.tap) - removed_);
    traffic::EntryBatch batch(fakes::MakeNode(half.node));
    const auto builder = EntryOf(half);
    auto* entry = batch.Add(builder.entry());
    entry->taps = Only(half.tap) - removed_;
    entry->arrival = now_;
    pairer->Add(batch, now_);
    model.Add(half, now_);
  }

  void Turn(base::Nanos by) {
    now_ += by;
    pairer->Advance(now_);
    model.Advance(now_);
  }

  // All halves in a random order, near to the one in which they were made, with time going on.
  template <typename Check>
  void Play(int exchanges, Check check) {
    auto all = halves_.Make(exchanges);
    std::vector<std::pair<int, size_t>> order;
    for (size_t i = 0; i < all.size(); ++i) {
      const int late = halves_.Roll(10) == 0 ? 200 : 12;
      order.emplace_back(static_cast<int>(i) + halves_.Roll(late), i);
    }
    std::sort(order.begin(), order.end());
    for (const auto& [when, index] : order) {
      Add(all[index]);
      if (halves_.Roll(50) == 0) peers_.Lose(now_);
      if (halves_.Roll(3) == 0) Turn(halves_.Roll(400) * base::kMillisecond);
      check();
    }
    for (int i = 0; i < 30; ++i) Turn(base::kSecond);
    check();
  }

  void RemoveTap(size_t tap) {
    removed_.Add(tap);
    model.RemoveTap(tap, now_);
    pairer->RemoveTaps(Only(tap), now_);
  }

  fakes::CollectingConsumer collected;
  std::unique_ptr<pairing::Pairer> pairer;
  SlowPairer model{[this](const std::string& ip, base::Nanos since, base::Nanos) {
    return peers_.State(ip, since);
  }};

 private:
  RandomHalves halves_;
  base::Nanos now_ = 1'000 * base::kSecond;
  Peers peers_;
  TapSet removed_;
};

uint64_t Sum(const pairing::JoinCounters& counters) {
  uint64_t orphans = 0;
  for (const uint64_t count : counters.orphans) orphans += count;
  return 2 * counters.pairs + counters.retries + orphans + counters.duplicates + counters.open +
         counters.intermediate + counters.waiting;
}

void CheckEachOnce(const std::vector<fakes::Emitted>& emitted) {
  std::set<std::string> seen;
  for (const auto& record : emitted) {
    if (!record.client.empty()) BOOST_TEST(seen.insert(record.client).second);
    for (const auto& server : record.servers) BOOST_TEST(seen.insert(server).second);
  }
}

const uint32_t kSeeds[] = {1,   2,   3,   5,   8,   13,   21,   34,   55,   89,
                           144, 233, 377, 610, 987, 1597, 2584, 4181, 6765, 10946};

BOOST_AUTO_TEST_SUITE(pairer_property)

BOOST_DATA_TEST_CASE(random_traffic_is_paired_as_the_slow_model_pairs_it, kSeeds, seed) {
  Story story(seed, size_t{1} << 30);
  size_t compared = 0;
  story.Play(120, [&] {
    const auto& counters = story.pairer->counters();
    BOOST_REQUIRE_EQUAL(counters.kept, Sum(counters));
    BOOST_REQUIRE_EQUAL(counters.waiting, story.model.counters.waiting);
    BOOST_REQUIRE_EQUAL(story.collected.emitted.size(), story.model.emitted.size());
    for (; compared < story.collected.emitted.size(); ++compared) {
      BOOST_REQUIRE_EQUAL(story.collected.emitted[compared], story.model.emitted[compared]);
    }
  });
  BOOST_TEST(story.pairer->counters().waiting == 0u);
  BOOST_TEST(story.pairer->waiting_bytes() == 0u);
  BOOST_TEST(story.collected.nodes_match);
  CheckEachOnce(story.collected.emitted);
}

BOOST_DATA_TEST_CASE(removing_a_tap_changes_who_sees_but_not_what_is_paired, kSeeds, seed) {
  Story story(seed, size_t{1} << 30);
  int steps = 0;
  story.Play(120, [&] {
    if (++steps == 60) story.RemoveTap(1);
    BOOST_REQUIRE_EQUAL(story.pairer->counters().kept, Sum(story.pairer->counters()));
  });
  BOOST_TEST(story.collected.emitted == story.model.emitted, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(a_table_that_is_too_small_still_emits_each_half_once, kSeeds, seed) {
  constexpr size_t kBytesMax = 6'000;
  Story story(seed, kBytesMax);
  story.Play(120, [&] {
    BOOST_REQUIRE_EQUAL(story.pairer->counters().kept, Sum(story.pairer->counters()));
    BOOST_REQUIRE_LE(story.pairer->waiting_bytes(), kBytesMax);
  });
  const auto& counters = story.pairer->counters();
  BOOST_TEST(counters.orphans[static_cast<size_t>(traffic::OrphanReason::kLostInBuffer)] > 0u);
  BOOST_TEST(counters.waiting == 0u);
  CheckEachOnce(story.collected.emitted);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
