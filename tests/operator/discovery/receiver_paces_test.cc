// SPDX-License-Identifier: Apache-2.0
#include "operator/discovery/receiver_paces.h"

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <random>
#include <vector>

#include "fmt/format.h"

namespace traffictap {
namespace {

using base::kSecond;
using discovery::PaceAt;
using discovery::ReceiverPaces;

struct Part {
  double times_mean;
  uint32_t pace;
};
std::ostream& operator<<(std::ostream& out, const Part& part) { return out << part.times_mean; }
const std::vector<Part> kParts = {{0, 63},    {1, 63},      {1.05, 63}, {1.1, 297},
                                  {1.2, 766}, {1.25, 1000}, {3, 1000}};
using Paces = std::vector<uint32_t>;

std::string NameOf(size_t n) { return fmt::format("r{}", n); }

// Rounds in which each receiver has the same rate all along.
struct Rounds {
  // The paces after a round more. Each reports every five seconds.
  Paces Next(const std::vector<double>& rates) {
    entries.resize(rates.size());
    Paces out;
    for (base::Nanos end = now + ReceiverPaces::kRound; now < end;) {
      now += 5 * kSecond;
      for (size_t n = 0; n < rates.size(); ++n) {
        entries[n] += static_cast<uint64_t>(rates[n] * 5);
        paces.Hear(NameOf(n), entries[n], now);
      }
    }
    for (size_t n = 0; n < rates.size(); ++n) out.push_back(paces.PaceOf(NameOf(n)));
    return out;
  }

  // So many reports of one receiver alone.
  void Hear(size_t n, double rate, int reports) {
    for (int i = 0; i < reports; ++i) {
      now += 5 * kSecond;
      entries[n] += static_cast<uint64_t>(rate * 5);
      paces.Hear(NameOf(n), entries[n], now);
    }
  }

  ReceiverPaces paces;
  std::vector<uint64_t> entries;
  base::Nanos now = 1'000 * kSecond;
};

// Proxies' streams, which carry unequally much and come to a receiver by chance when they have their age there.
struct Mesh {
  Mesh(size_t receivers, size_t count, bool paced, uint32_t seed) : random(seed), paced(paced) {
    entries.resize(receivers);
    ages.resize(receivers);
    for (size_t i = 0; i < count; ++i) {
      // Most carry little and some much, up to twenty times the mean.
      const double carries = 100 / (0.01 + std::uniform_real_distribution<>(0, 1)(random));
      streams.push_back({carries, 0, 0});
      Place(&streams.back());
      streams.back().end -= std::uniform_real_distribution<>(0, 600)(random);
    }
  }
  struct Stream {
    double carries;  // entries per second
    size_t at;       // which receiver
    double end;      // of the time there
  };
  void Place(Stream* stream) {
    stream->at = std::uniform_int_distribution<size_t>(0, entries.size() - 1)(random);
    stream->end = ages[stream->at] + std::uniform_real_distribution<>(300, 900)(random);
  }
  // The busiest one's load in means.
  double Busiest() const {
    std::vector<double> rates(entries.size());
    double sum = 0;
    for (const auto& stream : streams) {
      rates[stream.at] += stream.carries;
      sum += stream.carries;
    }
    return *std::ranges::max_element(rates) * static_cast<double>(rates.size()) / sum;
  }
  void Seconds(int seconds) {
    for (int i = 0; i < seconds; i += 5) {
      now += 5 * kSecond;
      for (const auto& stream : streams) entries[stream.at] += stream.carries * 5;
      for (size_t n = 0; n < entries.size(); ++n) {
        paces.Hear(NameOf(n), static_cast<uint64_t>(entries[n]), now);
        ages[n] += 5 * (paced ? paces.PaceOf(NameOf(n)) / 1000.0 : 1);
      }
      for (auto& stream : streams) {
        if (stream.end > ages[stream.at]) continue;
        Place(&stream);
        ++moves;
      }
    }
  }
  // What the busiest one has above the mean, at the average of three hours.
  double Surplus() {
    double sum = 0;
    for (int minute = 0; minute < 180; ++minute) {
      Seconds(60);
      sum += Busiest() - 1;
    }
    return sum / 180;
  }

  std::mt19937 random;
  const bool paced;
  ReceiverPaces paces;
  std::vector<Stream> streams;
  std::vector<double> entries, ages;
  int moves = 0;
  base::Nanos now = 1'000 * kSecond;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(receiver_paces)

BOOST_DATA_TEST_CASE(the_full_pace_is_for_who_receives_a_quarter_more_than_the_mean, kParts, part) {
  BOOST_TEST(PaceAt(part.times_mean) == part.pace);
}

BOOST_FIXTURE_TEST_CASE(paces_are_set_once_there_was_a_whole_round_and_follow_the_rates, Rounds) {
  BOOST_TEST(Next({24'000, 16'000}) == (Paces{1000, 1000}), boost::test_tools::per_element());
  BOOST_TEST(Next({24'000, 16'000}) == (Paces{766, 63}), boost::test_tools::per_element());
  // What comes of the rates of a round is known when the next one begins.
  Next({15'000, 25'000});
  BOOST_TEST(Next({15'000, 25'000}) == (Paces{63, 1000}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(one_alone_and_those_that_receive_nothing_keep_what_they_have, Rounds) {
  Next({20'000});
  BOOST_TEST(Next({20'000})[0] == 63u);
  Rounds idle;
  idle.Next({0, 0});
  BOOST_TEST(idle.Next({0, 0}) == (Paces{63, 63}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_receiver_that_comes_makes_the_others_busy_after_a_round, Rounds) {
  Next({20'000, 20'000});
  BOOST_TEST(Next({20'000, 20'000, 0}) == (Paces{63, 63, 1000}), boost::test_tools::per_element());
  BOOST_TEST(Next({20'000, 20'000, 0}) == (Paces{1000, 1000, 63}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(one_that_has_left_is_no_measure_any_more, Rounds) {
  Next({20'000, 10'000});
  BOOST_TEST(Next({20'000, 10'000})[0] == 1000u);
  paces.SetConnected({"r0"});
  BOOST_TEST(paces.PaceOf("r1") == 1000u);
  Hear(0, 20'000, 6);
  BOOST_TEST(paces.PaceOf("r0") == 63u);
}

BOOST_FIXTURE_TEST_CASE(a_receiver_that_starts_again_counts_from_its_new_beginning, Rounds) {
  Next({20'000, 20'000});
  entries[0] = 0;
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(Next({20'000, 20'000}) == (Paces{63, 63}), boost::test_tools::per_element());
  }
}

// One that hangs does not report, and its streams do not move.
BOOST_FIXTURE_TEST_CASE(who_is_not_heard_in_a_round_keeps_its_pace_and_is_no_measure, Rounds) {
  Next({10'000, 30'000});
  BOOST_TEST(Next({10'000, 30'000}) == (Paces{63, 1000}), boost::test_tools::per_element());
  Hear(1, 30'000, 12);
  BOOST_TEST(paces.PaceOf("r0") == 63u);
  BOOST_TEST(paces.PaceOf("r1") == 63u);
}

BOOST_AUTO_TEST_CASE(
    the_busiest_receives_less_than_where_all_have_one_pace_and_fewer_streams_move) {
  double much = 0, less = 0;
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    Mesh before(8, 400, false, seed), after(8, 400, true, seed);
    before.Seconds(3600);
    after.Seconds(3600);
    much += before.Surplus();
    less += after.Surplus();
    BOOST_TEST(after.moves < before.moves / 3);
  }
  BOOST_TEST(less < 0.5 * much);
}

BOOST_AUTO_TEST_CASE(receivers_that_come_have_their_share_as_soon_as_where_all_have_one_pace) {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    Mesh mesh(2, 1'200, true, seed);
    mesh.Seconds(1200);
    for (auto* each : {&mesh.entries, &mesh.ages}) each->resize(4);
    mesh.Seconds(960);
    BOOST_TEST(mesh.Busiest() < 1.2, "seed " << seed << ": " << mesh.Busiest());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
