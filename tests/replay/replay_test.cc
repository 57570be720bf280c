// SPDX-License-Identifier: Apache-2.0
#include "replay/replay.h"

#include <boost/test/unit_test.hpp>

#include "fakes/temp_dir.h"
#include "replay/records.h"

namespace traffictap {
namespace {

using fakes::Half;
using fakes::IdOf;
using fakes::Pair;
using replay::ReplayCounters;
using replay::ReplayFiles;
using replay::ReplayOptions;

std::vector<std::string> Replayed(const ReplayOptions& options, ReplayCounters* counters) {
  std::vector<std::string> out;
  const Status done = ReplayFiles(
      options,
      [&](const replay::Record& record, const traffic::TrafficPair&) {
        out.push_back(record.line);
        return absl::OkStatus();
      },
      counters);
  BOOST_REQUIRE_MESSAGE(done.ok(), Message(done));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(replay_files)

BOOST_AUTO_TEST_CASE(filters_are_those_of_the_live_stream) {
  const fakes::TempDir dir;
  dir.Write("a", Pair(IdOf(1), 1) + "\n" + Pair(IdOf(2), 2) + "\n" + Half(true, IdOf(3), 3) + "\n");
  const auto kept = [&](const std::string& name, const std::string& value) {
    ReplayOptions options{.paths = {dir / "a"}};
    options.filter = *observe::RecordFilter::Parse({{name, value}});
    ReplayCounters counters;
    const auto lines = Replayed(options, &counters);
    BOOST_TEST(counters.read.records == counters.kept + counters.filtered);
    BOOST_TEST(counters.kept == lines.size());
    return lines.size();
  };
  BOOST_TEST(kept("code", "2xx") == 3);
  BOOST_TEST(kept("code", "5xx") == 0);
  BOOST_TEST(kept("not.code", "5xx") == 3);
  BOOST_TEST(kept("destination", "shop/cart") == 2);
  BOOST_TEST(kept("source", "web") == 3);
  BOOST_TEST(kept("path", "=/cart/0000") == 3);
  BOOST_TEST(kept("text", IdOf(2)) == 1);
  BOOST_TEST(kept("minDuration", "11ms") == 0);
}

BOOST_AUTO_TEST_CASE(halves_of_two_files_join_again_and_the_filter_sees_the_whole) {
  const fakes::TempDir dir;
  dir.Write("one", Half(true, IdOf(1), 1) + "\n" + Pair(IdOf(2), 2) + "\n");
  dir.Write("two", Half(false, IdOf(1), 1.001, 1001) + "\n");
  ReplayOptions options{.paths = {dir / "one", dir / "two"}};
  ReplayCounters counters;
  BOOST_TEST(Replayed(options, &counters).size() == 3);
  options.pair_again = true;
  options.window = 30 * base::kSecond;
  options.filter = *observe::RecordFilter::Parse({{"destination", "shop/cart"}});
  counters = {};
  const auto lines = Replayed(options, &counters);
  BOOST_TEST(lines.size() == 2);
  BOOST_TEST(counters.rejoin.rejoined == 1);
  BOOST_TEST(counters.read.records == counters.rejoin.whole + counters.rejoin.incomplete);
}

BOOST_AUTO_TEST_CASE(it_ends_when_the_reader_has_enough_or_is_interrupted) {
  const fakes::TempDir dir;
  dir.Write("a", Pair(IdOf(1), 1) + "\n" + Pair(IdOf(2), 2) + "\n" + Pair(IdOf(3), 3) + "\n");
  int seen = 0;
  ReplayCounters counters;
  const auto enough = [&](const auto&, const auto&) {
    return ++seen == 2 ? absl::CancelledError("enough") : absl::OkStatus();
  };
  BOOST_TEST((ReplayFiles({.paths = {dir / "a"}}, enough, &counters).code() ==
              absl::StatusCode::kCancelled));
  BOOST_TEST(seen == 2);
  std::stop_source stop;
  stop.request_stop();
  BOOST_TEST(
      (ReplayFiles({.paths = {dir / "a"}, .stop = stop.get_token()}, enough, &counters).code() ==
       absl::StatusCode::kCancelled));
  BOOST_TEST(seen == 2);
}

BOOST_AUTO_TEST_CASE(records_that_need_no_reading_are_counted_as_the_others_are) {
  const fakes::TempDir dir;
  const std::string other = R"({"request":{"method":"PUT"},"client":{"code":200}})"
                            "\n";
  dir.Write("a", other + other +
                     R"({"request":{"method":"PUT"},"client":{"code":503}})"
                     "\n" +
                     R"({"request":{"method":"PUT"},"client":{"code":"?"}})"
                     "\n" +
                     other);
  ReplayOptions options{.paths = {dir / "a"},
                        .filter = *observe::RecordFilter::Parse({{"code", "5xx"}})};
  ReplayCounters counters;
  BOOST_TEST(Replayed(options, &counters).size() == 1);
  BOOST_TEST(counters.kept == 1u);
  BOOST_TEST(counters.filtered == 3u);
  BOOST_TEST(counters.read.records == 4u);
  BOOST_TEST(counters.read.malformed == 1u);
  std::stop_source stop;
  stop.request_stop();
  options.stop = stop.get_token();
  const auto never = [](const auto&, const auto&) { return absl::OkStatus(); };
  BOOST_TEST((ReplayFiles(options, never, &counters).code() == absl::StatusCode::kCancelled));
}

BOOST_AUTO_TEST_CASE(a_record_that_hides_all_its_sides_passes_no_filter) {
  const fakes::TempDir dir;
  dir.Write("a", R"({"request":{"method":"GET"},"client":{"reduced":true}})"
                 "\n");
  ReplayOptions options{.paths = {dir / "a"}};
  ReplayCounters counters;
  BOOST_TEST(Replayed(options, &counters).size() == 1);
  options.filter = *observe::RecordFilter::Parse({{"method", "GET"}});
  BOOST_TEST(Replayed(options, &counters).size() == 0);
}

BOOST_AUTO_TEST_CASE(a_path_that_is_not_there_is_an_error) {
  ReplayCounters counters;
  const auto never = [](const auto&, const auto&) { return absl::OkStatus(); };
  BOOST_TEST((ReplayFiles({.paths = {"/nonexistent"}}, never, &counters).code() ==
              absl::StatusCode::kNotFound));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
