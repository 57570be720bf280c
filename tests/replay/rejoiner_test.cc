// SPDX-License-Identifier: Apache-2.0
#include "replay/rejoiner.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>

#include "replay/records.h"

namespace traffictap {
namespace {

using fakes::Half;
using fakes::HalfOf;
using fakes::IdOf;
using fakes::kId;
using fakes::LineOf;
using fakes::Pair;
using fakes::RecordOf;
using replay::RejoinCounters;

struct Outcome {
  std::vector<std::string> lines;
  RejoinCounters counters;
};

Outcome Rejoined(const std::vector<std::string>& lines, base::Nanos window = 30 * base::kSecond) {
  Outcome out;
  replay::Rejoiner rejoiner(
      window, [&](const replay::Record& record, const auto&) { out.lines.push_back(record.line); });
  for (const auto& line : lines) rejoiner.Add(RecordOf(line));
  rejoiner.Finish();
  out.counters = rejoiner.counters();
  const auto& join = out.counters.join;
  uint64_t orphans = 0;
  for (const uint64_t count : join.orphans) orphans += count;
  BOOST_TEST(join.kept == 2 * join.pairs + join.retries + orphans + join.duplicates);
  BOOST_TEST(join.waiting == 0);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rejoiner)

BOOST_AUTO_TEST_CASE(two_halves_become_the_record_that_one_collector_would_have_written) {
  const auto client = HalfOf(true, kId, 0);
  const auto server = HalfOf(false, kId, 0.001);
  const auto whole = LineOf(&client, &server);
  for (const bool client_first : {true, false}) {
    const auto halves = Rejoined({Half(client_first, kId, client_first ? 0 : 0.001),
                                  Half(!client_first, kId, client_first ? 0.001 : 0)});
    BOOST_REQUIRE(halves.lines.size() == 1);
    BOOST_TEST(halves.lines[0] == whole);
    BOOST_TEST(halves.counters.rejoined == 1);
    BOOST_TEST(halves.counters.join.pairs == 1);
  }
}

BOOST_AUTO_TEST_CASE(records_of_open_streams_come_out_as_they_are_and_take_no_half_away) {
  auto open = HalfOf(true, kId, 0);
  open.facts().moment = traffic::LogMoment::kPeriodic;
  const std::string line = LineOf(&open, nullptr);
  const auto out = Rejoined({line, Half(true, kId, 0), Half(false, kId, 0.001)});
  BOOST_REQUIRE(out.lines.size() == 2);
  BOOST_TEST(out.lines[0] == line);
  BOOST_TEST(out.counters.whole == 1);
  BOOST_TEST(out.counters.rejoined == 1);
}

BOOST_AUTO_TEST_CASE(what_stays_alone_comes_out_byte_by_byte_with_its_reason) {
  const std::string line = Half(true, kId, 0);
  const auto out = Rejoined({line});
  BOOST_TEST(out.lines == std::vector{line});
  BOOST_TEST(line.find("NeverArrived") != std::string::npos);
  BOOST_TEST(out.counters.rejoined == 0);
}

BOOST_AUTO_TEST_CASE(a_half_of_a_sample_keeps_its_weight_alone_and_joined) {
  const auto sampled = [](std::string line) {
    line.insert(line.rfind('}'), R"(,"weight":4)");
    return line;
  };
  const std::string client = sampled(Half(true, kId, 0));
  const std::string server = sampled(Half(false, kId, 0.001));
  for (const auto& lines : std::vector<std::vector<std::string>>{{client}, {client, server}}) {
    std::vector<double> weights;
    const auto look = [&](const replay::Record& record, const traffic::TrafficPair& pair) {
      weights.push_back(pair.weight);
      weights.push_back(record.pair.weight());
    };
    replay::Rejoiner rejoiner(30 * base::kSecond, look);
    for (const auto& line : lines) rejoiner.Add(RecordOf(line));
    rejoiner.Finish();
    BOOST_TEST(weights == (std::vector<double>{4, 4}), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(whole_records_pass_at_once_and_untouched) {
  const auto out = Rejoined({Pair(IdOf(1), 0), Pair(IdOf(2), 1)});
  BOOST_TEST(out.lines == (std::vector{Pair(IdOf(1), 0), Pair(IdOf(2), 1)}));
  BOOST_TEST(out.counters.whole == 2);
  BOOST_TEST(out.counters.join.kept == 0);
}

BOOST_AUTO_TEST_CASE(halves_further_apart_than_the_window_stay_alone) {
  const std::vector<std::string> lines = {Half(true, kId, 0), Pair(IdOf(9), 20, 2000),
                                          Half(false, kId, 20.5)};
  BOOST_TEST(Rejoined(lines, 10 * base::kSecond).lines.size() == 3);
  BOOST_TEST(Rejoined(lines, 30 * base::kSecond).lines.size() == 2);
}

BOOST_AUTO_TEST_CASE(a_missing_attempt_is_added_to_its_record) {
  auto client = HalfOf(true, kId, 0);
  client.Attempts(2);
  const auto last = HalfOf(false, kId, 0.5);
  auto first = HalfOf(false, kId, 0.1, 1000);
  first.Code(503);
  const auto out = Rejoined({LineOf(&client, &last), LineOf(nullptr, &first)});
  BOOST_REQUIRE(out.lines.size() == 1);
  BOOST_TEST(RecordOf(out.lines[0]).pair.server_size() == 2);
  BOOST_TEST(RecordOf(out.lines[0]).pair.verdict() == "Retried");
  BOOST_TEST(out.counters.join.retries == 1);
}

BOOST_AUTO_TEST_CASE(the_same_half_out_of_two_files_counts_once) {
  const auto out = Rejoined(
      {Half(true, kId, 0), Half(true, kId, 0), Half(false, kId, 0.001), Half(false, kId, 0.001)});
  BOOST_TEST(out.lines.size() == 1);
  BOOST_TEST(out.counters.join.duplicates == 2);
}

// As in the files of a pairer that was killed, and of the one that took over.
BOOST_AUTO_TEST_CASE(of_a_record_and_its_copies_the_one_with_most_sides_comes_out) {
  const std::string half = Half(true, kId, 0);
  const std::string whole = [] {
    const auto client = HalfOf(true, kId, 0);
    const auto server = HalfOf(false, kId, 0.001);
    return LineOf(&client, &server);
  }();
  const auto later = Rejoined({whole, whole, half});
  BOOST_TEST(later.lines == std::vector{whole});
  BOOST_TEST(later.counters.whole == 1);
  BOOST_TEST(later.counters.copies == 2);
  const auto before = Rejoined({half, whole});
  BOOST_TEST(before.lines == std::vector{whole});
  BOOST_TEST(before.counters.incomplete == 1);
  BOOST_TEST(before.counters.outdone == 1);
}

BOOST_AUTO_TEST_CASE(what_another_tap_has_written_is_no_copy) {
  const auto client = HalfOf(true, kId, 0);
  const auto server = HalfOf(false, kId, 0.001);
  const auto one = LineOf(&client, &server);
  const auto other = LineOf(&client, &server, "shop/other");
  BOOST_TEST(Rejoined({one, other}).lines.size() == 2);
}

BOOST_AUTO_TEST_CASE(halves_of_different_requests_never_join) {
  const auto out = Rejoined({Half(true, IdOf(1), 0), Half(false, IdOf(2), 0.001)});
  BOOST_TEST(out.lines.size() == 2);
}

BOOST_AUTO_TEST_CASE(many_halves_of_two_collectors_in_any_order_join_again) {
  std::vector<std::string> lines;
  for (int i = 0; i < 500; ++i) {
    lines.push_back(Half(true, IdOf(i), i * 0.01, 1000 + i));
    lines.push_back(Half(false, IdOf(i), i * 0.01 + 0.001, 1000 + i));
  }
  std::shuffle(lines.begin(), lines.end(), std::mt19937(7));
  const auto out = Rejoined(lines);
  BOOST_TEST(out.lines.size() == 500);
  BOOST_TEST(out.counters.rejoined == 500);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
