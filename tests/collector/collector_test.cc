// SPDX-License-Identifier: Apache-2.0
#include "collector/collector.h"

#include <boost/test/unit_test.hpp>

#include "collector/role_parts.h"
#include "collector/tap_cache.h"
#include "fakes/eventually.h"
#include "fakes/raw_client.h"
#include "fakes/temp_dir.h"

namespace traffictap {

using fakes::Get;

struct CollectorTest {
  CollectorTest() {
    options.als.address = "127.0.0.1:0";
    options.http.address = "127.0.0.1:0";
    options.taps_dir = dir.path().string();
    options.pipeline.output_dir = dir.path().string();
    options.read_on = 10 * base::kMillisecond;
    options.close_wait = 100 * base::kMillisecond;
  }
  std::unique_ptr<collector::Collector> Start() {
    auto started = collector::Collector::Start(options);
    BOOST_REQUIRE_MESSAGE(started.ok(), Message(started.status()));
    return *std::move(started);
  }
  fakes::TempDir dir;
  collector::Options options;
};

const char kTap[] =
    "apiVersion: traffictap.io/v1alpha1\n"
    "kind: TrafficTap\n"
    "metadata: {name: all, namespace: shop}\n"
    "spec:\n"
    "  targets: [{kind: Namespace}]\n"
    "  outputs: [{name: file, type: File, file: {path: all.jsonl}}]\n";

BOOST_FIXTURE_TEST_SUITE(collector_process, CollectorTest)

BOOST_AUTO_TEST_CASE(it_is_ready_once_started_and_not_any_more_once_stopped) {
  const auto collector = Start();
  BOOST_TEST(collector->als_port() > 0);
  BOOST_TEST(Get(collector->http_port(), "/healthz").starts_with("HTTP/1.1 200 "));
  BOOST_TEST(Get(collector->http_port(), "/readyz").starts_with("HTTP/1.1 200 "));
  collector->Stop();
  BOOST_TEST(Get(collector->http_port(), "/readyz").starts_with("HTTP/1.1 503 "));
  BOOST_TEST(Get(collector->http_port(), "/healthz").starts_with("HTTP/1.1 200 "));
}

BOOST_AUTO_TEST_CASE(taps_are_in_force_before_it_is_ready_and_follow_their_directory) {
  dir.Write("all.yaml", kTap);
  const auto collector = Start();
  const auto metrics = [&] { return Get(collector->http_port(), "/metrics"); };
  BOOST_TEST(metrics().find("traffictap_taps 1") != std::string::npos);
  dir.Write("bad.yaml", "kind: TrafficTap\n");
  BOOST_TEST(fakes::Eventually(
      [&] { return metrics().find("traffictap_tap_faults 0") == std::string::npos; }));
  std::filesystem::remove(dir / "all.yaml");
  BOOST_TEST(
      fakes::Eventually([&] { return metrics().find("traffictap_taps 0") != std::string::npos; }));
  collector->Stop();
}

BOOST_AUTO_TEST_CASE(metrics_are_open_metrics_for_who_asks_for_that) {
  const auto collector = Start();
  const auto ask = [&](const std::string& accept) {
    fakes::RawClient client(collector->http_port());
    client.Send("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: " + accept +
                "\r\n\r\n");
    return client.ReadAll();
  };
  const std::string open = ask("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
  BOOST_TEST(open.find("application/openmetrics-text; version=1.0.0") != std::string::npos);
  BOOST_TEST(open.ends_with("\n# EOF\n"));
  const std::string text = ask("text/plain");
  BOOST_TEST(text.find("text/plain; version=0.0.4") != std::string::npos);
  BOOST_TEST(text.find("# EOF") == std::string::npos);
  collector->Stop();
}

BOOST_AUTO_TEST_CASE(with_the_operator_away_it_is_ready_by_a_whole_cache_alone) {
  v1::DiscoverySnapshot snapshot;
  snapshot.set_version("7");
  const std::string whole = collector::WriteTapCache(snapshot);
  options.taps_dir.clear();
  options.tap_source.address = "127.0.0.1:1";
  options.tap_source.cache_file = dir / "cache";
  for (const auto& [bytes, answer] : {std::pair{whole, "HTTP/1.1 200 "},
                                      {whole.substr(0, whole.size() - 1), "HTTP/1.1 503 "},
                                      {std::string(), "HTTP/1.1 503 "},
                                      {snapshot.SerializeAsString(), "HTTP/1.1 503 "}}) {
    dir.Write("cache", bytes);
    const auto collector = Start();
    BOOST_TEST(Get(collector->http_port(), "/readyz").starts_with(answer));
    BOOST_TEST(Get(collector->http_port(), "/healthz").starts_with("HTTP/1.1 200 "));
    collector->Stop();
  }
}

BOOST_AUTO_TEST_CASE(it_is_not_healthy_while_its_pipeline_stands_still) {
  options.stall_max = -1;  // any time is too long
  const auto collector = Start();
  const auto answer = Get(collector->http_port(), "/healthz");
  BOOST_TEST(answer.starts_with("HTTP/1.1 503 "));
  BOOST_TEST(answer.ends_with("the pipeline stands still\n"));
  collector->Stop();
  BOOST_TEST(Get(collector->http_port(), "/healthz").starts_with("HTTP/1.1 200 "));
}

BOOST_AUTO_TEST_CASE(a_role_that_does_not_reach_kafka_lives_and_says_why_it_is_not_ready) {
  dir.Write("all.yaml", kTap);
  options.live.address = "off";
  options.role.shuffle.cluster.brokers = {"127.0.0.1:1"};
  options.role.shuffle.cluster.topic = "halves";
  for (const auto role : {collector::Role::kReceiver, collector::Role::kPairer}) {
    options.role.role = role;
    const auto collector = Start();
    BOOST_TEST((collector->als_port() > 0) == (role == collector::Role::kReceiver));
    BOOST_TEST(fakes::Eventually([&] {
      const auto answer = Get(collector->http_port(), "/readyz");
      return answer.starts_with("HTTP/1.1 503 ") && answer.find("kafka: ") != std::string::npos;
    }));
    BOOST_TEST(Get(collector->http_port(), "/healthz").starts_with("HTTP/1.1 200 "));
    const auto metrics = Get(collector->http_port(), "/metrics");
    BOOST_TEST(metrics.find("traffictap_taps 1") != std::string::npos);
    BOOST_TEST(metrics.find("traffictap_shuffle_") != std::string::npos);
    collector->Stop();
  }
}

BOOST_AUTO_TEST_CASE(a_receiver_has_the_taps_without_what_acts_on_records) {
  auto spec = std::make_shared<tap::TapSpec>();
  spec->name = "all";
  spec->outputs.resize(2);
  spec->outputs[1].match.headers.push_back({"x-tenant"});
  spec->recorder.emplace().triggers.emplace_back().paths.push_back(
      {tap::PathMatchKind::kExact, "/pay"});
  spec->metrics.emplace();
  const auto bare = collector::WithoutOutputs({spec});
  BOOST_REQUIRE(bare.size() == 1u);
  BOOST_TEST(bare[0]->name == "all");
  BOOST_TEST(bare[0]->outputs.empty());
  BOOST_TEST(!bare[0]->recorder.has_value());
  BOOST_TEST(!bare[0]->metrics.has_value());
  // What these look at must still reach the pairers.
  BOOST_REQUIRE(bare[0]->further_matches.size() == 3u);
  BOOST_TEST(bare[0]->further_matches[1].headers.at(0).name == "x-tenant");
  BOOST_TEST(bare[0]->further_matches[2].paths.at(0).value == "/pay");
  BOOST_TEST(spec->outputs.size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_cannot_start_says_what_and_leaves_nothing_running) {
  const auto running = Start();
  options.als.address = "127.0.0.1:" + std::to_string(running->als_port());
  const auto als = collector::Collector::Start(options);
  BOOST_TEST(Message(als.status()).find(options.als.address) != std::string::npos);
  options.als.address = "127.0.0.1:0";
  options.http.address = "127.0.0.1:" + std::to_string(running->http_port());
  const auto http = collector::Collector::Start(options);
  BOOST_TEST(Message(http.status()).find(options.http.address) != std::string::npos);
  options.http.address = "127.0.0.1:0";
  options.als.certificate_file = "cert.pem";
  BOOST_TEST(!collector::Collector::Start(options).ok());
  options.als.certificate_file.clear();
  options.taps_dir = dir / "missing";
  BOOST_TEST(!collector::Collector::Start(options).ok());
  running->Stop();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
