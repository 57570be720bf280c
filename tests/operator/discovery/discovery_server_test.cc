// SPDX-License-Identifier: Apache-2.0
#include "operator/discovery/discovery_server.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "collector/tap_source.h"
#include "fakes/eventually.h"
#include "fmt/format.h"

namespace traffictap {

using collector::TapSource;
using collector::TapSourceOptions;
using collector::TapSourceState;
using discovery::DiscoveryServer;

namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

plan::CompiledTap MakeTap(const std::string& name, int64_t generation,
                          const std::string& extra = "") {
  return {"shop/" + name, "uid-" + name, generation,
          R"({"apiVersion":"traffictap.io/v1alpha1","kind":"TrafficTap","metadata":{"name":")" +
              name + R"(","namespace":"shop"},"spec":{"outputs":[{"name":"out","type":"Stdout"}])" +
              extra + "}}"};
}

// A collector without its pipeline: remembers what it was told to do.
class FakeCollector {
 public:
  std::unique_ptr<TapSource> Dial(TapSourceOptions options) {
    auto source = TapSource::Start(
        std::move(options),
        {[this](const auto& taps) { return Apply(taps); }, [this] { return snapshot; },
         [this](auto of_nodes) {
           absl::MutexLock lock(&mutex_);
           zones_ = std::move(of_nodes);
         }},
        &state);
    BOOST_REQUIRE_MESSAGE(source.ok(), Message(source.status()));
    return *std::move(source);
  }

  bool WaitForTaps(std::vector<std::string> keys) {
    absl::MutexLock lock(&mutex_);
    const auto there = [&]() { return keys_ == keys; };
    return mutex_.AwaitWithTimeout(absl::Condition(&there), kPatience);
  }
  bool WaitForPeers(std::vector<tap::KnownPeer> peers) {
    absl::MutexLock lock(&mutex_);
    const auto there = [&]() { return peers_ == peers; };
    return mutex_.AwaitWithTimeout(absl::Condition(&there), kPatience);
  }
  int applied() {
    absl::MutexLock lock(&mutex_);
    return applied_;
  }
  // Those that came with the taps that were waited for, or before.
  als::ZoneTable::Zones zones() {
    absl::MutexLock lock(&mutex_);
    return zones_;
  }

  TapSourceState state;
  pipeline::PipelineSnapshot snapshot;  // set before Dial

 private:
  std::vector<pipeline::TapFault> Apply(const std::vector<tap::TapSpecPtr>& taps) {
    absl::MutexLock lock(&mutex_);
    keys_.clear();
    peers_.clear();
    for (const auto& tap : taps) {
      keys_.push_back(tap->key());
      for (const auto& peer : tap->known_peers) peers_.push_back(peer);
    }
    ++applied_;
    return {};
  }

  absl::Mutex mutex_;
  std::vector<std::string> keys_;
  als::ZoneTable::Zones zones_;
  std::vector<tap::KnownPeer> peers_;
  int applied_ = 0;
};

// The server, and a way to wait for what collectors report.
class Operator {
 public:
  Operator() : Operator("127.0.0.1:0") {}
  explicit Operator(const std::string& address) {
    auto started = DiscoveryServer::Start({address}, [this] {
      absl::MutexLock lock(&mutex_);
      ++reports_;
    });
    BOOST_REQUIRE_MESSAGE(started.ok(), Message(started.status()));
    server = *std::move(started);
  }

  std::string address() const { return fmt::format("127.0.0.1:{}", server->port()); }

  template <typename Test>
  bool WaitFor(Test test) {
    const absl::Time deadline = absl::Now() + kPatience;
    while (!test(server->Reports())) {
      absl::MutexLock lock(&mutex_);
      const int seen = reports_;
      const auto more = [&]() { return reports_ != seen; };
      mutex_.AwaitWithTimeout(absl::Condition(&more), absl::Milliseconds(100));
      if (absl::Now() > deadline) return false;
    }
    return true;
  }
  bool WaitForVersion() {
    return WaitFor([this](const auto& reports) {
      return reports.size() == 1 && reports[0]->version() == server->version();
    });
  }

 private:
  absl::Mutex mutex_;
  int reports_ = 0;

 public:
  std::unique_ptr<DiscoveryServer> server;
};

TapSourceOptions OptionsFor(const Operator& op, const std::string& name = "c1") {
  TapSourceOptions options;
  options.address = op.address();
  options.collector = name;
  options.report_interval = 50 * base::kMillisecond;
  options.backoff_min = 20 * base::kMillisecond;
  options.backoff_max = 100 * base::kMillisecond;
  return options;
}

std::string TempFile() {
  static int count = 0;
  return fmt::format("{}/discovery-test-{}-{}", std::filesystem::temp_directory_path().string(),
                     getpid(), ++count);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(discovery_server)

BOOST_AUTO_TEST_CASE(whom_the_targets_talk_to_comes_with_the_tap_and_a_change_of_it_is_sent) {
  Operator op;
  FakeCollector collector;
  const auto source = collector.Dial(OptionsFor(op));
  auto tap = MakeTap("a", 1);
  tap.peers = {{"shop", "db", true, "east", {"10.0.0.1", "fd00::1"}}};
  op.server->SetTaps({tap});
  BOOST_TEST(collector.WaitForPeers(tap.peers));
  tap.peers[0].attached = false;
  op.server->SetTaps({tap});
  BOOST_TEST(collector.WaitForPeers(tap.peers));
}

BOOST_AUTO_TEST_CASE(a_collector_gets_the_snapshot_and_each_later_one_and_names_its_version) {
  Operator op;
  FakeCollector collector;
  const auto source = collector.Dial(OptionsFor(op));
  op.server->SetTaps({MakeTap("a", 1)});
  BOOST_TEST(collector.WaitForTaps({"shop/a"}));
  op.server->SetTaps({MakeTap("a", 1), MakeTap("b", 1)});
  BOOST_TEST(collector.WaitForTaps({"shop/a", "shop/b"}));
  BOOST_TEST(op.WaitForVersion());
  op.server->SetTaps({});
  BOOST_TEST(collector.WaitForTaps({}));
  BOOST_TEST(collector.state.connected.load());
}

BOOST_AUTO_TEST_CASE(a_collector_learns_which_version_the_operator_has) {
  const auto serve = [](const std::string& version) {
    discovery::DiscoveryServerOptions options;
    options.address = "127.0.0.1:0";
    options.operator_version = version;
    auto started = DiscoveryServer::Start(options, [] {});
    BOOST_REQUIRE_MESSAGE(started.ok(), Message(started.status()));
    (*started)->SetTaps({MakeTap("a", 1)});
    return *std::move(started);
  };
  const auto old = serve("0.1.0");
  const auto server = serve("0.2.0");
  BOOST_TEST(old->version() != server->version());
  FakeCollector collector;
  TapSourceOptions options;
  options.address = fmt::format("127.0.0.1:{}", server->port());
  options.collector = "c1";
  const auto source = collector.Dial(options);
  BOOST_TEST(collector.WaitForTaps({"shop/a"}));
  BOOST_TEST(fakes::Eventually([&] { return collector.state.operator_version() == "0.2.0"; }));
}

// As leadership ends while a report is being taken: the last one to let go of the server could be a
// thread of the server's own.
BOOST_AUTO_TEST_CASE(what_takes_a_report_may_hold_a_server_that_is_being_stopped) {
  absl::Mutex mutex;
  std::shared_ptr<DiscoveryServer> server;
  bool taking = false;
  bool stopping = false;
  auto started = DiscoveryServer::Start({"127.0.0.1:0"}, [&] {
    std::shared_ptr<DiscoveryServer> held;
    absl::MutexLock lock(&mutex);
    held = server;
    taking = true;
    mutex.AwaitWithTimeout(absl::Condition(&stopping), kPatience);
  });
  BOOST_REQUIRE_MESSAGE(started.ok(), Message(started.status()));
  std::shared_ptr<DiscoveryServer> own = *std::move(started);
  {
    absl::MutexLock lock(&mutex);
    server = own;
  }
  FakeCollector collector;
  TapSourceOptions options;
  options.address = fmt::format("127.0.0.1:{}", own->port());
  options.collector = "c1";
  const auto source = collector.Dial(options);
  {
    absl::MutexLock lock(&mutex);
    BOOST_REQUIRE(mutex.AwaitWithTimeout(absl::Condition(&taking), kPatience));
    server.reset();
    stopping = true;
  }
  own->Stop();
  BOOST_TEST(fakes::Eventually([&] { return own.use_count() == 1; }));
  own->Stop();
  BOOST_TEST(own->Reports().empty());
}

BOOST_AUTO_TEST_CASE(the_zones_of_nodes_come_with_the_taps_and_change_the_version) {
  Operator op;
  FakeCollector collector;
  const auto source = collector.Dial(OptionsFor(op));
  op.server->SetTaps({MakeTap("a", 1)});
  const std::string without = op.server->version();
  op.server->SetTaps({MakeTap("a", 1), MakeTap("b", 1)},
                     {{"node-1", "eu-1a"}, {"node-2", "eu-1b"}, {"node-3", "eu-1a"}});
  BOOST_TEST(collector.WaitForTaps({"shop/a", "shop/b"}));
  BOOST_TEST(collector.zones().size() == 3u);
  BOOST_TEST(collector.zones()["node-3"] == "eu-1a");
  op.server->SetTaps({MakeTap("a", 1)}, {{"node-1", "eu-1a"}});
  BOOST_TEST(op.server->version() != without);
  BOOST_TEST(collector.WaitForTaps({"shop/a"}));
  BOOST_TEST(collector.zones().size() == 1u);
}

BOOST_AUTO_TEST_CASE(of_very_many_nodes_the_first_are_sent) {
  Operator op;
  FakeCollector collector;
  const auto source = collector.Dial(OptionsFor(op));
  discovery::NodeZones zones;
  for (int i = 0; i < 20'000; ++i) zones[fmt::format("node-{:05}", i)] = "eu-1a";
  op.server->SetTaps({MakeTap("a", 1)}, zones);
  BOOST_TEST(collector.WaitForTaps({"shop/a"}));
  BOOST_TEST(collector.zones().size() == 16'384u);
  BOOST_TEST(collector.zones().contains("node-00000"));
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_before_the_first_taps) {
  Operator op;
  FakeCollector collector;
  const auto source = collector.Dial(OptionsFor(op));
  BOOST_TEST(op.WaitFor([](const auto& reports) { return reports.size() == 1; }));
  BOOST_TEST(collector.applied() == 0);
  BOOST_TEST(!collector.state.has_snapshot.load());
}

BOOST_AUTO_TEST_CASE(a_collector_with_the_newest_taps_is_connected_without_being_sent_any) {
  const std::string cache = TempFile();
  TapSourceOptions options;
  std::string address;
  {
    Operator op;
    address = op.address();
    options = OptionsFor(op);
    options.cache_file = cache;
    FakeCollector collector;
    const auto source = collector.Dial(options);
    op.server->SetTaps({MakeTap("a", 1)});
    BOOST_TEST(op.WaitForVersion());
  }
  Operator again(address);
  again.server->SetTaps({MakeTap("a", 1)});
  FakeCollector restarted;
  const auto source = restarted.Dial(options);
  BOOST_TEST(again.WaitForVersion());
  BOOST_TEST(again.WaitFor([&](const auto&) { return restarted.state.connected.load(); }));
  BOOST_TEST(restarted.applied() == 1);
  std::filesystem::remove(cache);
}

BOOST_AUTO_TEST_CASE(equal_sets_are_sent_once) {
  Operator op;
  FakeCollector collector;
  const auto source = collector.Dial(OptionsFor(op));
  op.server->SetTaps({MakeTap("a", 1)});
  BOOST_TEST(op.WaitForVersion());
  const std::string version = op.server->version();
  op.server->SetTaps({MakeTap("a", 1)});
  op.server->SetTaps({MakeTap("a", 2)});
  BOOST_TEST(op.WaitForVersion());
  BOOST_TEST(op.server->version() != version);
  BOOST_TEST(collector.applied() == 2);
}

BOOST_AUTO_TEST_CASE(a_bad_document_is_reported_and_the_last_good_one_stays) {
  Operator op;
  FakeCollector collector;
  const auto source = collector.Dial(OptionsFor(op));
  op.server->SetTaps({MakeTap("a", 1), MakeTap("b", 1)});
  BOOST_TEST(collector.WaitForTaps({"shop/a", "shop/b"}));
  op.server->SetTaps({MakeTap("a", 2, R"(,"direction":"Sideways")"), MakeTap("c", 1)});
  BOOST_TEST(collector.WaitForTaps({"shop/a", "shop/c"}));
  BOOST_TEST(op.WaitFor([](const auto& reports) {
    return reports.size() == 1 && reports[0]->faults_size() == 1 &&
           reports[0]->faults(0).tap() == "shop/a" &&
           reports[0]->faults(0).message().find("direction") != std::string::npos;
  }));
}

BOOST_AUTO_TEST_CASE(a_document_that_is_another_tap_is_refused) {
  Operator op;
  FakeCollector collector;
  const auto source = collector.Dial(OptionsFor(op));
  auto tap = MakeTap("a", 1);
  tap.key = "bank/a";
  op.server->SetTaps({tap});
  BOOST_TEST(op.WaitFor(
      [](const auto& reports) { return reports.size() == 1 && reports[0]->faults_size() == 1; }));
  BOOST_TEST(collector.WaitForTaps({}));
}

BOOST_AUTO_TEST_CASE(the_taps_stay_while_the_operator_is_away_and_it_is_found_again) {
  FakeCollector collector;
  std::unique_ptr<TapSource> source;
  std::string address;
  {
    Operator op;
    address = op.address();
    source = collector.Dial(OptionsFor(op));
    op.server->SetTaps({MakeTap("a", 1)});
    BOOST_TEST(op.WaitForVersion());
  }
  BOOST_TEST(collector.WaitForTaps({"shop/a"}));
  Operator again(address);
  again.server->SetTaps({MakeTap("b", 1)});
  BOOST_TEST(collector.WaitForTaps({"shop/b"}));
}

BOOST_AUTO_TEST_CASE(a_collector_that_starts_without_operator_takes_its_cached_taps) {
  const std::string cache = TempFile();
  TapSourceOptions options;
  {
    Operator op;
    options = OptionsFor(op);
    options.cache_file = cache;
    FakeCollector collector;
    const auto source = collector.Dial(options);
    op.server->SetTaps({MakeTap("a", 1)});
    BOOST_TEST(op.WaitForVersion());
  }
  FakeCollector restarted;
  const auto source = restarted.Dial(options);
  BOOST_TEST(restarted.state.has_snapshot.load());
  BOOST_TEST(restarted.WaitForTaps({"shop/a"}));
  std::filesystem::remove(cache);
}

BOOST_AUTO_TEST_CASE(a_cache_that_cannot_be_read_is_left_aside) {
  const std::string cache = TempFile();
  std::ofstream(cache) << "not a snapshot \xff\xff\xff";
  Operator op;
  auto options = OptionsFor(op);
  options.cache_file = cache;
  FakeCollector collector;
  const auto source = collector.Dial(options);
  BOOST_TEST(!collector.state.has_snapshot.load());
  op.server->SetTaps({MakeTap("a", 1)});
  BOOST_TEST(collector.WaitForTaps({"shop/a"}));
  std::filesystem::remove(cache);
}

BOOST_AUTO_TEST_CASE(a_collector_that_leaves_is_no_longer_reported) {
  Operator op;
  FakeCollector one;
  FakeCollector two;
  auto first = one.Dial(OptionsFor(op, "c1"));
  const auto second = two.Dial(OptionsFor(op, "c2"));
  BOOST_TEST(op.WaitFor([](const auto& reports) { return reports.size() == 2; }));
  first.reset();
  BOOST_TEST(op.WaitFor(
      [](const auto& reports) { return reports.size() == 1 && reports[0]->collector() == "c2"; }));
}

BOOST_AUTO_TEST_CASE(a_report_is_new_once_and_has_its_taps_by_name) {
  Operator op;
  FakeCollector collector;
  for (const char* tap : {"shop/c", "shop/a", "shop/b"}) {
    collector.snapshot.taps.emplace_back().tap = tap;
  }
  auto source = collector.Dial(OptionsFor(op));
  std::set<discovery::ReportPtr> seen;
  BOOST_TEST(fakes::Eventually([&] {
    for (const auto& report : op.server->TakeNewReports()) BOOST_TEST(seen.insert(report).second);
    return seen.size() >= 3;
  }));
  BOOST_TEST(op.server->collectors() == 1u);
  for (const auto& report : seen) {
    BOOST_REQUIRE(report->taps_size() == 3);
    BOOST_TEST(report->taps(0).tap() == "shop/a");
    BOOST_TEST(report->taps(1).tap() == "shop/b");
    BOOST_TEST(report->taps(2).tap() == "shop/c");
  }
  source.reset();
  BOOST_TEST(op.WaitFor([](const auto& reports) { return reports.empty(); }));
  BOOST_TEST(op.server->TakeNewReports().empty());
  BOOST_TEST(op.server->collectors() == 0u);
}

BOOST_AUTO_TEST_CASE(the_counts_that_a_collector_ends_with_are_kept_when_it_has_left) {
  Operator op;
  op.server->SetTaps({MakeTap("a", 1)});
  for (int life = 1; life <= 10; ++life) {
    FakeCollector collector;
    collector.snapshot.taps.emplace_back().tap = "shop/a";
    collector.snapshot.taps[0].counters.offered = static_cast<uint64_t>(life);
    const auto source = collector.Dial(OptionsFor(op, "c1"));
    BOOST_TEST(op.WaitForVersion());
    BOOST_TEST(source->Finish(10 * base::kSecond));
    BOOST_TEST(op.server->Reports().empty());
  }
  const auto finals = op.server->FinalReports();
  BOOST_REQUIRE(finals.size() == 8u);
  BOOST_TEST(finals.front()->final());
  BOOST_REQUIRE(finals.front()->taps_size() == 1);
  BOOST_TEST(finals.front()->taps(0).offered() == 3u);
  BOOST_TEST(finals.back()->taps(0).offered() == 10u);
}

BOOST_AUTO_TEST_CASE(more_collectors_than_allowed_are_refused) {
  auto started = DiscoveryServer::Start({"127.0.0.1:0", {}, 0}, [] {});
  BOOST_REQUIRE(started.ok());
  (*started)->SetTaps({MakeTap("a", 1)});
  FakeCollector collector;
  TapSourceOptions options;
  options.address = fmt::format("127.0.0.1:{}", (*started)->port());
  options.backoff_min = base::kMillisecond;
  const auto source = collector.Dial(options);
  BOOST_TEST(!collector.state.connected.load());
  BOOST_TEST((*started)->Reports().empty());
}

BOOST_AUTO_TEST_CASE(a_taken_address_and_missing_files_are_told) {
  Operator op;
  const auto taken = DiscoveryServer::Start({op.address()}, [] {});
  BOOST_TEST((taken.status().code() == absl::StatusCode::kUnavailable));
  const auto missing =
      DiscoveryServer::Start({"127.0.0.1:0", {"/nonexistent.pem", "/nonexistent.key", ""}}, [] {});
  BOOST_TEST((missing.status().code() == absl::StatusCode::kInvalidArgument));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
