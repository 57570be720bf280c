// SPDX-License-Identifier: Apache-2.0
#include "observe/traffic_summary.h"

#include <boost/test/unit_test.hpp>
#include <tuple>

#include "fakes/records.h"
#include "nlohmann/json.hpp"
#include "observe/latency_histogram.h"

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

BOOST_AUTO_TEST_CASE(a_record_of_a_sample_counts_as_the_requests_that_it_stands_for) {
  const auto records = fakes::MakeRecords(0, 10);
  observe::TrafficSummary summary;
  for (size_t i = 0; i < 10; ++i) {
    auto pair = records.batch->pair(i);
    pair.weight = i == 0 ? 1 : 3.5;
    if (i == 0) pair.verdict = traffic::Verdict::kServerError;
    summary.Add(pair, false);
  }
  const auto json = nlohmann::json::parse(summary.Render(2 * base::kSecond));
  const auto& edge = json["edges"][0];
  BOOST_TEST(json["records"] == 10);
  BOOST_TEST(json["requests"] == 33);
  BOOST_TEST(edge["records"] == 10);
  BOOST_TEST(edge["requests"] == 33);
  BOOST_TEST(edge["rate"] == 16.25);
  BOOST_TEST(edge["errors"] == 1);
  BOOST_TEST(edge["verdicts"]["ServerError"] == 1);
}

BOOST_AUTO_TEST_CASE(latencies_that_are_to_be_added_up_come_with_their_buckets) {
  for (const bool mergeable : {false, true}) {
    traffic::EntryBatch entries(fakes::MakeNode("10.0.0.1"));
    observe::TrafficSummary summary;
    auto builder = fakes::EntryBuilder::Client();
    builder.facts().duration = 10 * base::kMillisecond;
    traffic::TrafficPair pair;
    pair.client = entries.Add(builder.entry());
    pair.weight = 3;
    summary.Add(pair, false);
    const auto json = nlohmann::json::parse(summary.Render(base::kSecond, mergeable));
    const auto& latency = json["edges"][0]["clientMs"];
    BOOST_REQUIRE(latency.contains("buckets") == mergeable);
    if (!mergeable) continue;
    BOOST_REQUIRE(latency["buckets"].size() == 1u);
    BOOST_TEST(latency["buckets"][0][0] == observe::LatencyHistogram::BucketOf(10));
    BOOST_TEST(latency["buckets"][0][1] == 3.0);
  }
}

BOOST_AUTO_TEST_CASE(without_sampling_nothing_is_an_estimate) {
  const auto records = fakes::MakeRecords(0, 3);
  observe::TrafficSummary summary;
  for (size_t i = 0; i < 3; ++i) summary.Add(records.batch->pair(i), false);
  const auto json = nlohmann::json::parse(summary.Render(base::kSecond));
  BOOST_TEST(!json.contains("requests"));
  BOOST_TEST(!json["edges"][0].contains("requests"));
}

// Nine fast ones that stand for ten each, and one slow one that was kept beside the sample.
BOOST_AUTO_TEST_CASE(slow_requests_that_are_always_kept_do_not_raise_the_latencies) {
  traffic::EntryBatch entries(fakes::MakeNode("10.0.0.1"));
  observe::TrafficSummary summary;
  for (int i = 0; i < 10; ++i) {
    auto builder = fakes::EntryBuilder::Client();
    builder.facts().duration = (i == 0 ? 1000 : 10 + i) * base::kMillisecond;
    traffic::TrafficPair pair;
    pair.client = entries.Add(builder.entry());
    pair.weight = i == 0 ? 1 : 100;
    summary.Add(pair, false);
  }
  const auto json = nlohmann::json::parse(summary.Render(base::kSecond));
  BOOST_TEST(json["edges"][0]["clientMs"]["p99"] == 19.0);
  BOOST_TEST(json["edges"][0]["clientMs"]["p50"] == 15.0);
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

BOOST_AUTO_TEST_CASE(zones_and_versions_are_grouped_on_demand) {
  using By = observe::TrafficSummary::By;
  const auto node = std::make_shared<traffic::Node>(*fakes::MakeNode("10.0.0.1", "web"));
  node->zone = "eu-1a";
  node->labels["version"] = "v2";
  traffic::EntryBatch entries(node);
  traffic::TrafficPair pair;
  pair.client =
      entries.Add(fakes::EntryBuilder::Client().Connection("10.0.0.1:1", "10.0.0.9:80").entry());
  const auto groups = [&](By by) {
    observe::TrafficSummary summary(by);
    summary.Add(pair, false);
    return nlohmann::json::parse(summary.Render(base::kSecond));
  };
  BOOST_TEST(!groups(By::kNothing).contains("groups"));
  const auto zone = groups(By::kZone)["groups"][0];
  BOOST_TEST(zone["source"]["name"] == "eu-1a");
  BOOST_TEST(zone["destination"]["name"] == "");
  BOOST_TEST(zone["records"] == 1);
  const auto version = groups(By::kVersion)["groups"][0];
  BOOST_TEST(version["source"]["version"] == "v2");
  BOOST_TEST(version["source"]["name"] == "web");
  BOOST_TEST(!version["destination"].contains("version"));
  const auto pod = groups(By::kPod)["groups"][0];
  BOOST_TEST(pod["source"]["name"] == "web-0");
  BOOST_TEST(pod["destination"]["name"] == "10.0.0.9");
}

BOOST_AUTO_TEST_CASE(a_stream_counts_once_when_it_has_ended) {
  traffic::EntryBatch entries(fakes::MakeNode("10.0.0.1"));
  observe::TrafficSummary summary;
  for (const auto moment :
       {traffic::LogMoment::kPeriodic, traffic::LogMoment::kPeriodic, traffic::LogMoment::kEnd}) {
    auto builder = fakes::EntryBuilder::Client().Connection("10.0.0.1:1", "10.0.0.9:80");
    builder.facts().moment = moment;
    traffic::TrafficPair pair;
    pair.client = entries.Add(builder.entry());
    summary.Add(pair, false);
  }
  const auto json = nlohmann::json::parse(summary.Render(base::kSecond));
  BOOST_TEST(json["records"] == 1);
  BOOST_TEST(json["edges"][0]["records"] == 1);
}

BOOST_AUTO_TEST_CASE(nothing_at_all_is_a_summary_too) {
  const auto json = nlohmann::json::parse(observe::TrafficSummary().Render(0));
  BOOST_TEST(json["edges"].empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
