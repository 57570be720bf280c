// SPDX-License-Identifier: Apache-2.0
#include "replay/replay.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <random>

#include "fakes/temp_dir.h"
#include "replay/json_texts.h"
#include "replay/record_entries.h"
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

// The same with each record read whole.
std::vector<std::string> Slowly(const std::string& path, const observe::RecordFilter& filter) {
  replay::JsonTexts texts(*replay::OpenBytes(path));
  replay::EntryMaker maker;
  std::vector<std::string> out;
  std::string_view text;
  while (*texts.Next(&text)) {
    const auto record = traffic::ReadPair(text);
    if (!record.ok()) {
      texts.SplitLast();
      continue;
    }
    const auto entries = maker.Make(*record);
    const bool visible = entries.pair.client != nullptr || !entries.pair.servers.empty();
    if (filter.empty() || (visible && filter.Matches(entries.pair))) out.emplace_back(text);
  }
  return out;
}

using Json = nlohmann::json;

// Of a record: what our own writer, another one, a newer one, or one with faults may have written.
class AnyLine {
 public:
  std::string operator()() {
    Json json = Json::parse(OneIn(3) ? Half(OneIn(2), IdOf(1), 1) : Pair(IdOf(1), 1));
    json["verdict"] = Any({"Ok", "ServerError", "Retried", "", "OfTomorrow"});
    for (auto* side : Sides(&json)) Change(side);
    if (OneIn(8)) json["state"] = Any({"Open", "", "Closed"});
    if (OneIn(8)) json["request"]["protocol"] = "TCP";
    if (OneIn(8)) json["request"]["path"] = "/cart/\u00e9\n\"{}";
    if (OneIn(8)) json["tomorrow"] = {{"code", {1, nullptr}}};
    if (OneIn(20)) json["weight"] = "2";
    if (OneIn(20)) json.erase(OneIn(2) ? "request" : "timings");
    std::string out = Written(json);
    if (OneIn(20)) out.resize(random_() % out.size());
    return out + (OneIn(20) ? " " : "\n");
  }

 private:
  bool OneIn(unsigned count) { return random_() % count == 0; }
  std::string Any(const std::vector<std::string>& of) { return of[random_() % of.size()]; }

  static std::vector<Json*> Sides(Json* record) {
    std::vector<Json*> out;
    if (record->contains("client")) out.push_back(&(*record)["client"]);
    if (record->contains("server")) out.push_back(&(*record)["server"][0]);
    return out;
  }

  void Change(Json* side) {
    (*side)["code"] = std::vector<int>{200, 404, 503, 599, 0}[random_() % 5];
    if (OneIn(10)) side->erase("code");
    if (OneIn(20)) (*side)["code"] = "503";
    if (OneIn(20)) (*side)["code"] = nullptr;
    if (OneIn(10)) (*side)["reduced"] = true;
    if (OneIn(40)) (*side)["startTime"] = 1;
  }

  // The members in any order, with any white space and needless escapes.
  std::string Written(const Json& record) {
    std::vector<std::string> members;
    for (const auto& [name, value] : record.items()) {
      const std::string key = OneIn(30) ? "\\u00" + Hex(name[0]) + name.substr(1) : name;
      members.push_back('"' + key + "\":" + value.dump(-1, ' ', OneIn(2)));
    }
    std::shuffle(members.begin(), members.end(), random_);
    std::string out;
    for (const auto& member : members) out += (out.empty() ? "{" : OneIn(5) ? " , " : ",") + member;
    return out + "}";
  }
  static std::string Hex(char c) { return fmt::format("{:02x}", static_cast<unsigned>(c)); }

  std::mt19937 random_{1};
};

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

BOOST_AUTO_TEST_CASE(what_is_not_read_whole_comes_out_as_if_it_were) {
  const fakes::TempDir dir;
  std::string lines;
  AnyLine any;
  for (int i = 0; i < 2000; ++i) lines += any();
  dir.Write("a", lines);
  using Parameters = std::vector<observe::Parameter>;
  for (const Parameters& parameters :
       {Parameters{}, Parameters{{"code", "5xx"}}, Parameters{{"code", "0"}},
        Parameters{{"code", "2xx"}, {"verdict", "Ok"}}, Parameters{{"not.code", "5xx"}},
        Parameters{{"not.verdict", "Ok"}, {"code", "404"}}, Parameters{{"method", "GET"}},
        Parameters{{"code", "5xx"}, {"path", "/cart"}}}) {
    ReplayOptions options{.paths = {dir / "a"},
                          .filter = *observe::RecordFilter::Parse(parameters)};
    const auto expected = Slowly(dir / "a", *options.filter);
    BOOST_TEST(!expected.empty());
    for (const bool lines_alone : {false, true}) {
      options.lines_alone = lines_alone;
      ReplayCounters counters;
      BOOST_TEST(Replayed(options, &counters) == expected, boost::test_tools::per_element());
      BOOST_TEST(counters.kept == expected.size());
      BOOST_TEST(counters.read.records == counters.kept + counters.filtered);
    }
  }
}

BOOST_AUTO_TEST_CASE(lines_alone_come_in_the_order_of_time_too) {
  const fakes::TempDir dir;
  dir.Write("a", Pair(IdOf(1), 1) + "\n" + Pair(IdOf(3), 3) + "\n" + Pair(IdOf(4), 4) + "\n");
  dir.Write("b", Pair(IdOf(2), 2) + "\n" + Pair(IdOf(5), 5) + "\n" + Pair(IdOf(6), 6) + "\n");
  ReplayOptions options{.paths = {dir / "a", dir / "b"}};
  ReplayCounters counters;
  const auto read = Replayed(options, &counters);
  options.lines_alone = true;
  BOOST_TEST(Replayed(options, &counters) == read, boost::test_tools::per_element());
  BOOST_TEST(std::string(read[1]).find(IdOf(2)) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_the_caller_rules_out_is_filtered) {
  const fakes::TempDir dir;
  dir.Write("a", Pair(IdOf(1), 1) + "\n" + Pair(IdOf(2), 2) + "\n" + R"({"timings":{}})" + "\n");
  ReplayOptions options{.paths = {dir / "a"}};
  options.may_want = [](const auto& skim) { return skim.request_id == IdOf(2); };
  ReplayCounters counters;
  // What cannot be skimmed comes.
  BOOST_TEST(Replayed(options, &counters).size() == 2);
  BOOST_TEST(counters.filtered == 1u);
  options.pair_again = true;
  counters = {};
  BOOST_TEST(Replayed(options, &counters).size() == 3);
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
