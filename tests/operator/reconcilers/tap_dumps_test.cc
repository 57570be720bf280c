// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcilers/tap_dumps.h"

#include <boost/test/unit_test.hpp>

#include "base/clock.h"

namespace traffictap {

using kube::Json;
using reconcilers::DumpsJson;
using reconcilers::EndedDumps;
using reconcilers::TapTotals;

namespace {

constexpr int64_t kSecond = base::kSecond;

v1::DumpReport Dump(int64_t second, bool ended, uint64_t gap = 0) {
  v1::DumpReport out;
  out.set_time(second * kSecond);
  out.set_trigger("errors");
  out.set_from((second - 60) * kSecond);
  out.set_held(1'000'000 * kSecond);
  out.set_records(7);
  out.set_gap(gap);
  out.set_ended(ended);
  return out;
}

TapTotals Totals(const std::vector<v1::DumpReport>& dumps) {
  TapTotals out;
  out.connected = true;
  out.dumps = dumps;
  return out;
}

Json StatusOf(const TapTotals& totals, const Json& former = nullptr) {
  return {{"dumps", DumpsJson(totals, former)}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tap_dumps)

BOOST_AUTO_TEST_CASE(a_dump_is_told_with_what_it_has) {
  const Json dump = DumpsJson(Totals({Dump(2'000'000, true)}), nullptr)[0];
  BOOST_TEST(dump["time"] == "1970-01-24T03:33:20Z");
  BOOST_TEST(dump["trigger"] == "errors");
  BOOST_TEST(dump["state"] == "Written");
  BOOST_TEST(dump["since"] == "1970-01-24T03:32:20Z");
  BOOST_TEST(dump["records"] == 7);
  BOOST_TEST(!dump.contains("message"));
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_said) {
  const Json young = DumpsJson(Totals({Dump(1'000'030, true)}), nullptr)[0];
  BOOST_TEST(young["since"] == "1970-01-12T13:46:40Z");
  BOOST_TEST(young["message"].get<std::string>().find("held only since 1970-01-12T13:46:40Z") !=
             std::string::npos);
  const Json full = DumpsJson(Totals({Dump(2'000'000, true, 5)}), nullptr)[0];
  BOOST_TEST(full["message"].get<std::string>().find("spec.recorder.size") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(former_dumps_stay_and_the_list_is_bounded_with_the_newest_first) {
  Json status = nullptr;
  for (int i = 0; i < 15; ++i) status = StatusOf(Totals({Dump(2'000'000 + 100 * i, true)}), status);
  BOOST_REQUIRE(status["dumps"].size() == 10u);
  BOOST_TEST(status["dumps"][0]["time"] == "1970-01-24T03:56:40Z");
}

BOOST_AUTO_TEST_CASE(a_dump_of_a_collector_that_is_gone_is_interrupted_once_another_is_there) {
  const Json status = StatusOf(Totals({Dump(2'000'000, false)}));
  BOOST_TEST(status["dumps"][0]["state"] == "Dumping");
  BOOST_TEST(StatusOf(TapTotals(), status)["dumps"][0]["state"] == "Dumping");
  BOOST_TEST(StatusOf(Totals({}), status)["dumps"][0]["state"] == "Interrupted");
}

BOOST_AUTO_TEST_CASE(each_dump_is_announced_once_when_it_has_ended) {
  const Json begun = StatusOf(Totals({Dump(2'000'000, false)}));
  BOOST_TEST(EndedDumps(nullptr, begun).empty());
  const Json ended = StatusOf(Totals({Dump(2'000'000, true)}), begun);
  const auto news = EndedDumps(begun, ended);
  BOOST_REQUIRE(news.size() == 1u);
  BOOST_TEST(!news[0].warning);
  BOOST_TEST(news[0].message ==
             "dump by errors at 1970-01-24T03:33:20Z: 7 records were given to the outputs");
  BOOST_TEST(EndedDumps(ended, ended).empty());
  const auto gap = EndedDumps(nullptr, StatusOf(Totals({Dump(2'000'000, true, 5)})));
  BOOST_TEST(gap[0].warning);
  BOOST_TEST(gap[0].message.find("5 are missing") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
