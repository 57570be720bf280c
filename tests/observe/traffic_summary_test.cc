// SPDX-License-Identifier: Apache-2.0
#include "observe/traffic_summary.h"

#include <boost/test/unit_test.hpp>

#include "fakes/records.h"
#include "nlohmann/json.hpp"

namespace traffictap {

BOOST_AUTO_TEST_SUITE(traffic_summary)

BOOST_AUTO_TEST_CASE(rates_are_of_the_time_that_is_said) {
  const auto records = fakes::MakeRecords(0, 10);
  observe::TrafficSummary summary;
  for (size_t i = 0; i < 10; ++i) summary.Add(records.batch->pair(i), false);
  const auto json = nlohmann::json::parse(summary.Render(2 * base::kSecond));
  BOOST_TEST(json["windowMs"] == 2000);
  BOOST_TEST(json["records"] == 10);
  BOOST_TEST(json["edges"][0]["rate"] == 5.0);
  BOOST_TEST(json["routes"].size() == 1);
  BOOST_TEST(json["routes"][0]["route"] == "/number/{id}/");
}

BOOST_AUTO_TEST_CASE(a_request_that_several_taps_show_counts_once_on_demand) {
  const auto records = fakes::MakeRecords(0, 3);
  for (const bool once : {true, false}) {
    observe::TrafficSummary summary;
    for (int tap = 0; tap < 2; ++tap) {
      for (size_t i = 0; i < 3; ++i) summary.Add(records.batch->pair(i), once);
    }
    const auto json = nlohmann::json::parse(summary.Render(base::kSecond));
    BOOST_TEST(json["records"] == (once ? 3 : 6));
  }
}

BOOST_AUTO_TEST_CASE(nothing_at_all_is_a_summary_too) {
  const auto json = nlohmann::json::parse(observe::TrafficSummary().Render(0));
  BOOST_TEST(json["edges"].empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
