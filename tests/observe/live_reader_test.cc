// SPDX-License-Identifier: Apache-2.0
#include "observe/live_reader.h"

#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"
#include "nlohmann/json.hpp"
#include "observe/sample_records.h"

namespace traffictap {
namespace observe {
namespace {

using nlohmann::json;

struct CollectedOutput final : LiveOutput {
  void Record(std::string_view line) override { records.push_back(json::parse(line)); }
  void Control(std::string_view line) override { controls.push_back(json::parse(line)); }
  bool HasRoom() const override { return records.size() < room; }

  json Of(const std::string& type) const {
    for (const auto& control : controls) {
      if (control["type"] == type) return control;
    }
    return {};
  }

  std::vector<json> records;
  std::vector<json> controls;
  size_t room = 1'000'000;
};

Access Everything() { return {.user = "somebody", .everything = true}; }

struct Fixture {
  fakes::ManualClock clock;
  LiveHub hub{{}, &clock};

  std::unique_ptr<LiveReader> Open(LiveRequest request, Access access = Everything()) {
    if (request.taps.empty()) request.taps = {"shop/all"};
    return LiveReader::Open(&hub, std::move(request), std::move(access)).value();
  }
};

void CheckBalance(const ReaderCounters& counters) {
  BOOST_TEST(counters.published ==
             counters.sent + counters.filtered + counters.hidden + counters.dropped);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(live_reader, Fixture)

BOOST_AUTO_TEST_CASE(without_follow_it_ends_with_the_backlog) {
  hub.Consume(Records(3));
  auto reader = Open({});
  CollectedOutput out;
  BOOST_TEST(!reader->Pull(&out));
  BOOST_TEST(out.records.size() == 3u);
  BOOST_TEST((reader->end() == EndReason::kBacklogRead));
  BOOST_TEST(out.Of("End")["reason"] == "BacklogRead");
  CheckBalance(reader->counters());
}

BOOST_AUTO_TEST_CASE(with_follow_it_goes_on_and_tells_its_position) {
  hub.Consume(Records(1));
  auto reader = Open({.follow = true});
  CollectedOutput out;
  reader->Pull(&out);
  hub.Consume(Records(2));
  reader->Pull(&out);
  BOOST_TEST(out.records.size() == 3u);
  BOOST_TEST((reader->end() == EndReason::kNone));
  const size_t controls = out.controls.size();
  reader->Pull(&out);
  BOOST_TEST(out.controls.size() == controls);
}

BOOST_AUTO_TEST_CASE(a_told_position_goes_on_where_the_stream_broke) {
  hub.Consume(Records(3));
  CollectedOutput first;
  Open({.follow = true})->Pull(&first);
  hub.Consume(Records(2));
  CollectedOutput second;
  Open({.follow = true, .after = first.Of("Position")["position"]})->Pull(&second);
  BOOST_TEST(second.records.size() == 2u);
  const auto bad = LiveReader::Open(&hub, {.taps = {"shop/all"}, .after = "x"}, Everything());
  BOOST_TEST((bad.status().code() == absl::StatusCode::kInvalidArgument));
}

BOOST_AUTO_TEST_CASE(a_position_of_an_earlier_collector_counts_for_nothing) {
  hub.Consume(Records(3));
  CollectedOutput out;
  Open({.follow = true, .after = "12345;shop/all=2"})->Pull(&out);
  BOOST_TEST(out.records.size() == 3u);
}

BOOST_AUTO_TEST_CASE(an_output_without_room_gets_the_rest_with_the_next_pull) {
  hub.Consume(Records(5));
  auto reader = Open({.follow = true});
  CollectedOutput out;
  out.room = 2;
  BOOST_TEST(reader->Pull(&out));
  BOOST_TEST(out.records.size() == 2u);
  out.room = 100;
  BOOST_TEST(!reader->Pull(&out));
  BOOST_REQUIRE(out.records.size() == 5u);
  BOOST_TEST(out.records[2]["request"]["path"] == "/2");
}

BOOST_AUTO_TEST_CASE(what_a_slow_reader_missed_is_told_as_a_gap) {
  LiveHub small({.tap_bytes_max = 1, .bytes_max = 1 << 30}, &clock);
  small.Consume(Records(1));
  auto reader =
      LiveReader::Open(&small, {.taps = {"shop/all"}, .follow = true}, Everything()).value();
  small.Consume(Records(3));
  small.Consume(Records(2));
  CollectedOutput out;
  reader->Pull(&out);
  BOOST_TEST(out.Of("Gap")["droppedCount"] == 4);
  BOOST_TEST(out.Of("Gap")["tap"] == "shop/all");
  BOOST_TEST(out.records.size() == 2u);
  BOOST_TEST(reader->counters().dropped == 4u);
  CheckBalance(reader->counters());
}

BOOST_AUTO_TEST_CASE(a_limit_ends_the_stream) {
  hub.Consume(Records(5));
  auto reader = Open({.follow = true, .limit = 3});
  CollectedOutput out;
  reader->Pull(&out);
  BOOST_TEST(out.records.size() == 3u);
  BOOST_TEST((reader->end() == EndReason::kLimit));
}

BOOST_AUTO_TEST_CASE(the_filter_counts_what_it_keeps_out) {
  hub.Consume(BatchBuilder().Get("/a").Get("/b", 503).Build());
  std::shared_ptr<const RecordFilter> filter = RecordFilter::Parse({{"code", "5xx"}}).value();
  auto reader = Open({.filter = filter});
  CollectedOutput out;
  reader->Pull(&out);
  BOOST_REQUIRE(out.records.size() == 1u);
  BOOST_TEST(out.records[0]["request"]["path"] == "/b");
  BOOST_TEST(reader->counters().filtered == 1u);
  CheckBalance(reader->counters());
}

BOOST_AUTO_TEST_CASE(it_ends_when_its_taps_are_gone_but_not_before_their_last_record) {
  hub.SetTaps({"shop/all"});
  auto reader = Open({.follow = true});
  hub.Consume(Records(2));
  hub.SetTaps({});
  CollectedOutput out;
  reader->Pull(&out);
  BOOST_TEST(out.records.size() == 2u);
  BOOST_TEST((reader->end() == EndReason::kTapsGone));
}

BOOST_AUTO_TEST_CASE(an_unknown_tap_is_not_found) {
  const auto opened = LiveReader::Open(&hub, {.taps = {"shop/none"}}, Everything());
  BOOST_TEST((opened.status().code() == absl::StatusCode::kNotFound));
  BOOST_TEST(hub.readers() == 0);
}

BOOST_AUTO_TEST_CASE(a_side_that_the_reader_may_not_see_is_its_namespace_and_status_alone) {
  auto client = fakes::EntryBuilder::Client().Path("/pay").Code(200);
  auto server = fakes::EntryBuilder::Server().Path("/pay").Code(200);
  server.Set(traffic::Text::kLocalPrincipal, "spiffe://secret");
  hub.Consume(BatchBuilder().Pair(client, server, "bank").Build());
  auto reader = Open({}, {.user = "shopper", .namespaces = {"shop"}});
  CollectedOutput out;
  reader->Pull(&out);
  BOOST_REQUIRE(out.records.size() == 1u);
  const auto& record = out.records[0];
  BOOST_TEST(record["destination"] == json({{"namespace", "bank"}, {"reduced", true}}));
  BOOST_TEST(record["server"] == json::array({{{"reduced", true}, {"code", 200}}}));
  BOOST_TEST(record["client"]["pod"] == "frontend-0");
  BOOST_TEST(record.dump().find("spiffe") == std::string::npos);
  BOOST_TEST(!record["timings"].contains("serverMs"));
  BOOST_TEST(!record.contains("orphanReason"));
  BOOST_TEST(reader->Namespaces().contains("bank"));

  CollectedOutput other;
  Open({}, {.user = "banker", .namespaces = {"bank"}})->Pull(&other);
  BOOST_REQUIRE(other.records.size() == 1u);
  BOOST_TEST(other.records[0]["source"] == json({{"namespace", "shop"}, {"reduced", true}}));
  BOOST_TEST(other.records[0]["client"] == json({{"reduced", true}, {"code", 200}}));
  BOOST_TEST(other.records[0]["id"] == record["id"]);
}

BOOST_AUTO_TEST_CASE(the_filter_cannot_ask_about_a_hidden_side) {
  auto server = fakes::EntryBuilder::Server().Code(200);
  server.Set(traffic::Text::kUserAgent, "inside");
  hub.Consume(BatchBuilder().Pair(fakes::EntryBuilder::Client().Code(200), server, "bank").Build());
  std::shared_ptr<const RecordFilter> filter = RecordFilter::Parse({{"text", "inside"}}).value();
  auto reader = Open({.filter = filter}, {.user = "shopper", .namespaces = {"shop"}});
  CollectedOutput out;
  reader->Pull(&out);
  BOOST_TEST(out.records.empty());
  BOOST_TEST(reader->counters().filtered == 1u);
}

BOOST_AUTO_TEST_CASE(a_record_without_a_visible_side_is_hidden_and_counted) {
  hub.Consume(Records(1));
  auto reader = Open({}, {.user = "stranger", .namespaces = {"else"}});
  CollectedOutput out;
  reader->Pull(&out);
  BOOST_TEST(out.records.empty());
  BOOST_TEST(reader->counters().hidden == 1u);
  CheckBalance(reader->counters());
}

BOOST_AUTO_TEST_CASE(the_namespaces_of_a_backlog_are_those_of_its_proxies) {
  hub.SetTaps({"shop/all", "bank/all"});
  hub.Consume(BatchBuilder().Get("/a", 200, "bank").Get("/b", 200, "mars").Build());
  hub.Consume(BatchBuilder("bank/all").Get("/a", 200, "moon").Build());
  BOOST_TEST(SeenNamespaces(hub, {"shop/all"}) == (std::set<std::string>{"bank", "mars", "shop"}),
             boost::test_tools::per_element());
  BOOST_TEST(SeenNamespaces(hub, {"none"}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace observe
}  // namespace traffictap
