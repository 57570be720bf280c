// SPDX-License-Identifier: Apache-2.0
#include "pipeline/request_metrics.h"

#include "fmt/format.h"
#include "pipeline/pipeline_fixture.h"
#include "traffic/entry_batch.h"
#include "traffic/record_id.h"

namespace traffictap {

using base::kMillisecond;
using base::kSecond;
using tap::Exemplars;
using traffic::Verdict;

namespace {

constexpr base::Nanos kNow = 1'700'000'000 * kSecond;

// A request from one workload of the namespace shop to another.
struct Request {
  std::string source = "web";
  std::string destination = "cart";
  base::Nanos duration = 10 * kMillisecond;
  uint32_t code = 200;
  Verdict verdict = Verdict::kOk;
  double weight = 1;
  traffic::TraceContext trace = {};
};

tap::MetricsSpec Spec() {
  tap::MetricsSpec spec;
  spec.buckets = {5 * kMillisecond, 10 * kMillisecond};
  return spec;
}

struct MetricsTest {
  explicit MetricsTest(const tap::MetricsSpec& spec = Spec()) : metrics(spec) {}

  // As a lane does that counts each record for itself.
  void Count(const Request& request) {
    const auto client = fakes::MakeNode("10.0.0.1", request.source);
    const auto server = fakes::MakeNode("10.0.0.2", request.destination);
    traffic::EntryBatch entries(client);
    auto made = fakes::EntryBuilder::Client().Code(request.code);
    made.facts().duration = request.duration;
    made.facts().trace = request.trace;
    traffic::TrafficPair pair;
    pair.client = entries.Add(made.entry());
    auto* packed = entries.Add(fakes::EntryBuilder::Server().Code(request.code).entry());
    packed->node = server.get();
    const traffic::PackedEntry* servers[] = {packed};
    pair.servers = servers;
    pair.verdict = request.verdict;
    pair.weight = request.weight;
    CountPair(pair);
  }
  void CountPair(const traffic::TrafficPair& pair) {
    meter.Count(metrics, pair);
    meter.Deliver(metrics, kNow);
  }
  // The client's side alone, as it tells of the other end.
  void CountHalf(const fakes::EntryBuilder& half) {
    const auto client = fakes::MakeNode("10.0.0.1", "web");
    traffic::EntryBatch entries(client);
    traffic::TrafficPair pair;
    pair.client = entries.Add(half.entry());
    CountPair(pair);
  }

  std::string Scrape(const char* accept = "") const {
    base::MetricsRegistry registry;
    registry.Register([&](base::MetricWriter& writer) { metrics.Write("shop/a", writer); });
    return registry.Answer(accept).body;
  }
  std::string OpenMetrics() const { return Scrape("application/openmetrics-text"); }
  bool Says(const std::string& line) const {
    return ("\n" + Scrape()).find("\n" + line + "\n") != std::string::npos;
  }
  size_t Series() const {
    const std::string text = Scrape();
    size_t out = 0;
    for (size_t at = 0;
         (at = text.find("\ntraffictap_requests_total{", at)) != std::string::npos;) {
      ++out;
      ++at;
    }
    return out;
  }

  pipeline::RequestMetrics metrics;
  pipeline::RequestMeter meter;
};

std::string Edge(const std::string& destination = "cart", const std::string& source = "web") {
  return fmt::format(
      "destination_workload=\"{}\",destination_workload_namespace=\"shop\",source_workload=\"{}\","
      "source_workload_namespace=\"shop\",tap=\"shop/a\"",
      destination, source);
}

constexpr const char* kRest =
    "destination_workload=\"other\",destination_workload_namespace=\"other\","
    "source_workload=\"other\",source_workload_namespace=\"other\",tap=\"shop/a\"";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(request_metrics, MetricsTest)

BOOST_AUTO_TEST_CASE(counts_requests_by_edge_and_verdict_and_their_durations_in_buckets) {
  Count({.duration = 3 * kMillisecond});
  Count({.duration = 10 * kMillisecond});  // a bound belongs to its bucket
  Count({.duration = 20 * kSecond});
  Count({.duration = traffic::kAbsent});
  Count({.code = 503, .verdict = Verdict::kServerError});
  Count({.destination = "stock"});
  const std::string ok = Edge() + ",verdict=\"Ok\"";
  BOOST_TEST(Says("traffictap_requests_total{" + ok + "} 4"));
  BOOST_TEST(Says("traffictap_requests_total{" + Edge() + ",verdict=\"ServerError\"} 1"));
  BOOST_TEST(Says("traffictap_requests_total{" + Edge("stock") + ",verdict=\"Ok\"} 1"));
  const std::string histogram = "traffictap_request_duration_seconds";
  BOOST_TEST(Says(histogram + "_bucket{" + ok + ",le=\"0.005\"} 1"));
  BOOST_TEST(Says(histogram + "_bucket{" + ok + ",le=\"0.01\"} 2"));
  BOOST_TEST(Says(histogram + "_bucket{" + ok + ",le=\"+Inf\"} 3"));
  BOOST_TEST(Says(histogram + "_count{" + ok + "} 3"));
  BOOST_TEST(Says(histogram + "_sum{" + ok + "} 20.013"));
  BOOST_TEST(Says("traffictap_tap_metrics_series{tap=\"shop/a\"} 3"));
  BOOST_TEST(Says("traffictap_tap_metrics_other_total{tap=\"shop/a\"} 0"));
}

BOOST_AUTO_TEST_CASE(a_record_counts_as_the_requests_that_it_stands_for) {
  Count({.duration = kMillisecond, .weight = 2.5});
  const std::string ok = Edge() + ",verdict=\"Ok\"";
  BOOST_TEST(Says("traffictap_requests_total{" + ok + "} 2"));
  Count({.duration = 7 * kMillisecond, .weight = 2.5});
  BOOST_TEST(Says("traffictap_requests_total{" + ok + "} 5"));
  BOOST_TEST(Says("traffictap_request_duration_seconds_bucket{" + ok + ",le=\"0.005\"} 2"));
  BOOST_TEST(Says("traffictap_request_duration_seconds_bucket{" + ok + ",le=\"0.01\"} 5"));
  BOOST_TEST(Says("traffictap_request_duration_seconds_count{" + ok + "} 5"));
  BOOST_TEST(Says("traffictap_request_duration_seconds_sum{" + ok + "} 0.02"));
}

BOOST_AUTO_TEST_CASE(connections_are_no_requests) {
  CountHalf(fakes::EntryBuilder::Client().Tcp());
  BOOST_TEST(Series() == 0u);
}

BOOST_AUTO_TEST_CASE(an_end_that_sends_nothing_is_named_by_the_other_and_never_by_its_address) {
  auto half = fakes::EntryBuilder::Client().Connection("10.0.0.1:1024", "10.0.0.2:80");
  CountHalf(half);
  BOOST_TEST(Scrape().find("10.0.0") == std::string::npos);
  BOOST_TEST(Scrape().find("destination_workload=\"unknown\",destination_workload_namespace="
                           "\"unknown\"") != std::string::npos);
  half.Set(traffic::Text::kPeerWorkload, "cart").Set(traffic::Text::kPeerNamespace, "shop");
  CountHalf(half);
  BOOST_TEST(Says("traffictap_requests_total{" + Edge() + ",verdict=\"Ok\"} 1"));
}

BOOST_AUTO_TEST_CASE(text_that_is_not_a_name_is_unknown) {
  for (const std::string& name : {std::string("a\"} 1\n"), std::string("\xff\xfe"),
                                  std::string(300, 'a'), std::string("/cart?token=1")}) {
    Count({.destination = name});
  }
  BOOST_TEST(Series() == 1u);
  BOOST_TEST(Says("traffictap_requests_total{" + Edge("unknown") + ",verdict=\"Ok\"} 4"));
}

BOOST_AUTO_TEST_CASE(several_lanes_count_into_one_series) {
  pipeline::RequestMeter other;
  Count({});
  std::swap(meter, other);
  Count({});
  std::swap(meter, other);
  Count({});
  BOOST_TEST(Series() == 1u);
  BOOST_TEST(Says("traffictap_requests_total{" + Edge() + ",verdict=\"Ok\"} 3"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(request_series)

BOOST_AUTO_TEST_CASE(have_the_labels_that_the_tap_asks_for_and_no_others) {
  auto spec = Spec();
  spec.by_source = spec.by_destination = spec.by_verdict = false;
  spec.by_response_class = true;
  MetricsTest by_class(spec);
  for (const uint32_t code : {200u, 204u, 404u, 0u, 7u}) by_class.Count({.code = code});
  BOOST_TEST(by_class.Says("traffictap_requests_total{response_class=\"2xx\",tap=\"shop/a\"} 2"));
  BOOST_TEST(by_class.Says("traffictap_requests_total{response_class=\"4xx\",tap=\"shop/a\"} 1"));
  BOOST_TEST(by_class.Says("traffictap_requests_total{response_class=\"none\",tap=\"shop/a\"} 2"));
  spec.by_response_class = false;
  spec.by_destination = true;
  MetricsTest by_destination(spec);
  by_destination.Count({});
  by_destination.Count({.source = "batch", .code = 500, .verdict = Verdict::kServerError});
  BOOST_TEST(
      by_destination.Says("traffictap_requests_total{destination_workload=\"cart\",destination_"
                          "workload_namespace=\"shop\",tap=\"shop/a\"} 2"));
}

BOOST_AUTO_TEST_CASE(are_bounded_and_the_rest_is_counted_in_others_by_verdict) {
  auto spec = Spec();
  spec.series_max = 3;
  MetricsTest bounded(spec);
  for (int i = 0; i < 1000; ++i) bounded.Count({.destination = fmt::format("cart-{}", i)});
  bounded.Count({.destination = "new", .code = 500, .verdict = Verdict::kServerError});
  bounded.Count({.destination = "cart-2"});
  const auto says = [&](const std::string& labels, int requests) {
    return bounded.Says(fmt::format("traffictap_requests_total{{{}}} {}", labels, requests));
  };
  BOOST_TEST(bounded.Series() == 5u);
  BOOST_TEST(says(Edge("cart-1") + ",verdict=\"Ok\"", 1));
  BOOST_TEST(says(Edge("cart-2") + ",verdict=\"Ok\"", 2));
  BOOST_TEST(says(std::string(kRest) + ",verdict=\"Ok\"", 997));
  BOOST_TEST(says(std::string(kRest) + ",verdict=\"ServerError\"", 1));
  BOOST_TEST(bounded.Says("traffictap_tap_metrics_other_total{tap=\"shop/a\"} 998"));
  BOOST_TEST(bounded.Says("traffictap_tap_metrics_series{tap=\"shop/a\"} 5"));
}

BOOST_AUTO_TEST_CASE(have_the_last_trace_of_each_bucket_as_exemplar_in_open_metrics_alone) {
  MetricsTest test;
  test.Count({.duration = 4 * kMillisecond, .trace = {0x0af7, 0x11, 1, 1}});
  test.Count({.duration = 3 * kMillisecond, .trace = {0x0af7, 0x12, 1, 1}});
  test.Count({.duration = 2 * kMillisecond});                             // of no trace
  test.Count({.duration = kMillisecond, .trace = {0x0af7, 0x13, 1, 0}});  // that nobody samples
  test.Count({.duration = 3 * kSecond, .trace = {0, 0x14, 1, 0}});
  const std::string bucket =
      "traffictap_request_duration_seconds_bucket{" + Edge() + ",verdict=\"Ok\",le=";
  const std::string text = test.OpenMetrics();
  BOOST_TEST(text.find("\n" + bucket +
                       "\"0.005\"} 4 # {trace_id=\"0000000000000af70000000000000012\"} 0.003 "
                       "1700000000.000\n") != std::string::npos);
  BOOST_TEST(text.find("\n" + bucket + "\"0.01\"} 4\n") != std::string::npos);
  BOOST_TEST(text.find("\n" + bucket +
                       "\"+Inf\"} 5 # {trace_id=\"00000000000000000000000000000014\"} 3 "
                       "1700000000.000\n") != std::string::npos);
  BOOST_TEST(text.ends_with("\n# EOF\n"));
  BOOST_TEST(test.Scrape().find("trace_id") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(name_a_record_or_nothing_where_the_tap_asks_for_that) {
  auto spec = Spec();
  spec.exemplars = Exemplars::kRecordId;
  MetricsTest records(spec);
  const auto client = fakes::MakeNode("10.0.0.1", "web");
  traffic::EntryBatch entries(client);
  traffic::TrafficPair pair;
  pair.client = entries.Add(fakes::EntryBuilder::Client().Id("a").entry());
  records.CountPair(pair);
  const std::string id = traffic::RecordIdText(traffic::RecordIdOf(*pair.client));
  BOOST_TEST(records.OpenMetrics().find(fmt::format(" # {{record_id=\"{}\"}} 0.01 ", id)) !=
             std::string::npos);
  spec.exemplars = Exemplars::kNone;
  MetricsTest none(spec);
  none.Count({.trace = {1, 2, 3, 1}});
  BOOST_TEST(none.OpenMetrics().find("} 1\n") != std::string::npos);
  BOOST_TEST(none.OpenMetrics().find(" # {") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

// Through the whole pipeline.
BOOST_FIXTURE_TEST_SUITE(metrics_of_a_tap, PipelineTest)

namespace {

std::string Line(const std::string& workloads, const std::string& value) {
  return fmt::format("\ntraffictap_requests_total{{{},verdict=\"Ok\"}} {}\n", workloads, value);
}

std::string ClientToServer() { return Edge("server", "client"); }

}  // namespace

BOOST_AUTO_TEST_CASE(count_what_it_offers_once_though_it_was_seen_open) {
  auto spec = Tap("a");
  spec.metrics = tap::MetricsSpec();
  spec.match.response_codes = {{200, 299}};
  InForce({spec, Tap("b")});
  for (const bool ends : {false, true}) {
    for (auto half : {Client(1), Server(1)}) {
      if (!ends) half.facts().moment = traffic::LogMoment::kPeriodic;
      half.facts().duration = (ends ? 10 : 1) * kSecond;
      Send(half);
    }
    WaitOut();
  }
  SendPair(2, 500);
  Settle();
  BOOST_TEST(Snapshot("a").counters.open > 0u);
  BOOST_TEST(Snapshot("a").counters.filtered == 1u);
  const std::string text = Metrics();
  BOOST_TEST(text.find(Line(ClientToServer(), "1")) != std::string::npos, text);
  BOOST_TEST(text.find("traffictap_request_duration_seconds_bucket") != std::string::npos);
  BOOST_TEST(text.find("traffictap_tap_metrics_series{tap=\"shop/b\"}") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(stand_for_the_requests_that_were_sampled_away) {
  auto spec = Tap("a");
  spec.metrics = tap::MetricsSpec();
  spec.sampling.ratio = 0.25;
  InForce({spec});
  for (int i = 0; i < 200; ++i) SendPair(i);
  WaitOut();
  const auto offered = Snapshot("a").counters.offered;
  BOOST_TEST(offered > 0u);
  BOOST_TEST(offered < 200u);
  BOOST_TEST(Metrics().find(Line(ClientToServer(), fmt::format("{}", 4 * offered))) !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(go_on_over_an_edit_and_begin_again_where_they_are_asked_for_otherwise) {
  auto spec = Tap("a");
  spec.metrics = tap::MetricsSpec();
  InForce({spec});
  SendPair(1);
  Settle();
  spec.limits.max_records = 1000;
  spec.content_hash = 1001;
  InForce({spec});
  SendPair(2);
  WaitOut();
  BOOST_TEST(Metrics().find(Line(ClientToServer(), "2")) != std::string::npos);
  spec.metrics->buckets = {kSecond};
  spec.content_hash = 1002;
  InForce({spec});
  SendPair(3);
  WaitOut();
  BOOST_TEST(Metrics().find(Line(ClientToServer(), "1")) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(name_no_trace_where_the_tap_does_not_record_them) {
  for (const bool recorded : {true, false}) {
    auto spec = Tap("a");
    spec.metrics = tap::MetricsSpec();
    spec.capture.trace = recorded;
    InForce({spec});
    auto client = Client(recorded ? 1 : 2);
    client.facts().trace = {0, 0xabc, 1, 1};
    Send(client);
    Send(Server(recorded ? 1 : 2));
    WaitOut();
    base::MetricsRegistry registry;
    registry.Register([this](base::MetricWriter& writer) { pipeline->WriteMetrics(writer); });
    const std::string text = registry.Answer("application/openmetrics-text").body;
    BOOST_TEST((text.find("0000000000000abc") != std::string::npos) == recorded);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
