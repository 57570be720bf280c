// SPDX-License-Identifier: Apache-2.0
#include "observe/summary.h"

#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"
#include "nlohmann/json.hpp"
#include "observe/sample_records.h"

namespace traffictap {
namespace observe {
namespace {

using nlohmann::json;

struct Fixture {
  fakes::ManualClock clock;
  LiveHub hub{{}, &clock};

  json Ask(SummaryRequest request, Access access = {.user = "somebody", .everything = true}) {
    return json::parse(SummaryJson(hub, request, access, clock.Wall()));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(summary, Fixture)

BOOST_AUTO_TEST_CASE(edges_and_routes_have_rates_errors_and_latencies) {
  clock.Advance(100 * base::kSecond);
  BatchBuilder batch;
  for (int i = 0; i < 9; ++i) batch.Get("/cart/" + std::to_string(i));
  hub.Consume(batch.Get("/cart/9", 503).Build());
  const json out = Ask({.taps = {"shop/all"}, .window = 10 * base::kSecond, .filter = {}});
  BOOST_TEST(out["windowMs"] == 10'000);
  BOOST_REQUIRE(out["edges"].size() == 1u);
  const json& edge = out["edges"][0];
  BOOST_TEST(edge["source"]["name"] == "frontend");
  BOOST_TEST(edge["destination"]["namespace"] == "shop");
  BOOST_TEST(edge["records"] == 10);
  BOOST_TEST(edge["rate"] == 1.0);
  BOOST_TEST(edge["errors"] == 1);
  BOOST_TEST(edge["clientMs"]["p50"] == 10.0);
  BOOST_TEST(edge["betweenMs"]["p99"] == 0.0);
  BOOST_REQUIRE(out["routes"].size() == 1u);
  BOOST_TEST(out["routes"][0]["route"] == "/cart/{id}");
}

BOOST_AUTO_TEST_CASE(a_collector_that_just_began_is_not_averaged_over_the_whole_window) {
  clock.Advance(2 * base::kSecond);
  hub.Consume(Records(4));
  const json out = Ask({.taps = {"shop/all"}, .filter = {}});
  BOOST_TEST(out["windowMs"] == 2'000);
  BOOST_TEST(out["edges"][0]["rate"] == 2.0);
}

BOOST_AUTO_TEST_CASE(older_records_than_the_window_do_not_count) {
  hub.Consume(Records(4));
  clock.Advance(100 * base::kSecond);
  hub.Consume(Records(1));
  BOOST_TEST(Ask({.taps = {"shop/all"}, .filter = {}})["records"] == 1);
}

BOOST_AUTO_TEST_CASE(records_that_arrived_after_its_end_do_not_count) {
  hub.Consume(Records(4));
  const base::Nanos end = clock.Wall() + base::kSecond;
  clock.Advance(10 * base::kSecond);
  hub.Consume(Records(3));
  const Access all{.user = "somebody", .everything = true};
  const auto out = json::parse(SummaryJson(hub, {.taps = {"shop/all"}, .filter = {}}, all, end));
  BOOST_TEST(out["records"] == 4);
}

BOOST_AUTO_TEST_CASE(verdicts_are_counted_in_all_and_per_edge) {
  hub.Consume(BatchBuilder().Get("/a").Get("/b", 500).Get("/c", 500).Build());
  const json out = Ask({.taps = {"shop/all"}, .filter = {}});
  BOOST_TEST(out["verdicts"]["ServerError"] == 2);
  BOOST_TEST(out["edges"][0]["verdicts"]["Ok"] == 1);
}

BOOST_AUTO_TEST_CASE(the_filter_and_the_right_hold_here_too) {
  hub.Consume(BatchBuilder().Get("/a").Get("/b", 500).Build());
  std::shared_ptr<const RecordFilter> filter = RecordFilter::Parse({{"code", "5xx"}}).value();
  BOOST_TEST(Ask({.taps = {"shop/all"}, .filter = filter})["records"] == 1);
  const Access stranger{.user = "stranger", .namespaces = {"else"}};
  BOOST_TEST(Ask({.taps = {"shop/all"}, .filter = {}}, stranger)["records"] == 0);
}

BOOST_AUTO_TEST_CASE(identifiers_are_not_part_of_a_route) {
  BOOST_TEST(PathTemplate("/cart/42/items?x=1") == "/cart/{id}/items");
  BOOST_TEST(PathTemplate("/u/0b5c7c1e-7f6d-4b6a-9f43-0a1b2c3d4e5f") == "/u/{id}");
  BOOST_TEST(PathTemplate("/v1/items/") == "/v1/items/");
  BOOST_TEST(PathTemplate("/cafe") == "/cafe");
  BOOST_TEST(PathTemplate("") == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace observe
}  // namespace traffictap
