// SPDX-License-Identifier: Apache-2.0
#include "observe/traffic_summary.h"

#include <boost/test/unit_test.hpp>
#include <tuple>

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

BOOST_AUTO_TEST_CASE(a_destination_that_never_spoke_has_the_name_of_its_service) {
  traffic::EntryBatch entries(fakes::MakeNode("10.0.0.1"));
  for (const auto& [cluster, ns, name] :
       {std::tuple("outbound|80||gone.bank.svc.cluster.local", "bank", "gone"),
        std::tuple("outbound|443||api.example.com", "", "api.example.com")}) {
    observe::TrafficSummary summary;
    auto builder = fakes::EntryBuilder::Client().Set(traffic::Text::kUpstreamCluster, cluster);
    traffic::TrafficPair pair;
    pair.client = entries.Add(builder.Connection("10.0.0.1:1", "10.0.0.9:80").entry());
    summary.Add(pair, false);
    const auto json = nlohmann::json::parse(summary.Render(base::kSecond));
    const auto& destination = json["edges"][0]["destination"];
    BOOST_TEST(destination["name"] == name);
    BOOST_TEST(destination["namespace"] == ns);
    BOOST_TEST(std::string(cluster).ends_with(destination["service"].get<std::string>()));
  }
}

BOOST_AUTO_TEST_CASE(nothing_at_all_is_a_summary_too) {
  const auto json = nlohmann::json::parse(observe::TrafficSummary().Render(0));
  BOOST_TEST(json["edges"].empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
