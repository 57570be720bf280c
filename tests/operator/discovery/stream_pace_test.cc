// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>

#include "collector/collector.h"
#include "collector/tap_source.h"
#include "fakes/eventually.h"
#include "fakes/manual_clock.h"
#include "fmt/format.h"
#include "operator/discovery/discovery_server.h"

namespace traffictap {

using base::kSecond;
using collector::TapSource;
using discovery::DiscoveryServer;

namespace {

constexpr double kKept = 0.063;  // the slowest pace

// A receiver, with nothing of it but what it has received and how fast its streams grow old.
class Receiver {
 public:
  Receiver(const DiscoveryServer& server, const std::string& name, bool takes_pace = true) {
    collector::TapSourceOptions options;
    options.address = fmt::format("127.0.0.1:{}", server.port());
    options.collector = name;
    options.role = "receiver";
    options.report_interval = 10 * base::kMillisecond;
    options.backoff_min = 20 * base::kMillisecond;
    options.backoff_max = 100 * base::kMillisecond;
    TapSource::Hooks hooks = {[this](const auto&) {
                                ++applied;
                                return std::vector<pipeline::TapFault>();
                              },
                              [this] {
                                pipeline::PipelineSnapshot out;
                                out.ingress.received = received;
                                return out;
                              }};
    if (takes_pace) hooks.set_stream_pace = [this](double value) { pace = value; };
    auto started = TapSource::Start(std::move(options), std::move(hooks), &state_);
    BOOST_REQUIRE_MESSAGE(started.ok(), Message(started.status()));
    source_ = *std::move(started);
  }

  bool connected() const { return state_.connected; }

  std::atomic<uint64_t> received{0};
  std::atomic<int> applied{0};
  std::atomic<double> pace{1};

 private:
  collector::TapSourceState state_;
  std::unique_ptr<TapSource> source_;
};

struct Fixture {
  Fixture() { Serve(true); }
  void Serve(bool paces_streams) {
    discovery::DiscoveryServerOptions options;
    options.address = "127.0.0.1:0";
    options.clock = &clock;
    options.paces_streams = paces_streams;
    auto started = DiscoveryServer::Start(options, [] {});
    BOOST_REQUIRE_MESSAGE(started.ok(), Message(started.status()));
    server = *std::move(started);
  }
  // One receives three times as much as the others; until `done`, or for ten minutes.
  template <typename Done>
  void Run(Receiver* busy, Receiver* one, Receiver* two, Done done) {
    const base::Nanos end = clock.Monotonic() + 600 * kSecond;
    BOOST_TEST(fakes::Eventually([&] {
      busy->received += 30'000;
      for (Receiver* other : {one, two}) other->received += 10'000;
      clock.Advance(kSecond);
      return done() || clock.Monotonic() > end;
    }));
  }
  bool WaitForReports(size_t count) {
    return fakes::Eventually([&] { return server->Reports().size() == count; });
  }

  fakes::ManualClock clock;
  std::unique_ptr<DiscoveryServer> server;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stream_pace, Fixture)

BOOST_AUTO_TEST_CASE(receivers_that_are_not_busy_keep_their_streams_and_their_taps) {
  server->SetTaps({});
  Receiver busy(*server, "busy"), one(*server, "one"), two(*server, "two");
  BOOST_TEST(WaitForReports(3));
  BOOST_TEST(fakes::Eventually([&] { return busy.applied == 1 && one.applied == 1; }));
  Run(&busy, &one, &two, [&] { return busy.pace == 1 && one.pace == kKept && two.pace == kKept; });
  BOOST_TEST(busy.pace.load() == 1);
  BOOST_TEST(one.pace.load() == kKept);
  BOOST_TEST(two.pace.load() == kKept);
  BOOST_TEST(one.applied.load() == 1);
  Run(&one, &busy, &two, [&] { return one.pace == 1 && busy.pace == kKept; });
  BOOST_TEST(one.pace.load() == 1);
  BOOST_TEST(busy.pace.load() == kKept);
}

// As those that are older than paces. The one that takes it is alone then, and no busier than the mean.
BOOST_AUTO_TEST_CASE(a_receiver_that_takes_no_pace_is_sent_none_and_is_no_measure) {
  server->SetTaps({});
  Receiver old(*server, "old", false), one(*server, "one"), two(*server, "two", false);
  BOOST_TEST(WaitForReports(3));
  BOOST_TEST(fakes::Eventually([&] { return old.applied == 1; }));
  Run(&one, &old, &two, [&] { return one.pace == kKept; });
  BOOST_TEST(one.pace.load() == kKept);
  BOOST_TEST(old.applied.load() == 1);
  for (const auto& report : server->Reports()) {
    BOOST_TEST(report->has_load() == (report->collector() == "one"));
  }
}

BOOST_AUTO_TEST_CASE(an_operator_that_is_told_not_to_sends_none) {
  Serve(false);
  Receiver busy(*server, "busy"), one(*server, "one"), two(*server, "two");
  BOOST_TEST(WaitForReports(3));
  Run(&busy, &one, &two, [] { return false; });
  BOOST_TEST(one.pace.load() == 1);
}

BOOST_AUTO_TEST_CASE(while_the_operator_is_away_streams_grow_old_as_ever) {
  Receiver busy(*server, "busy"), one(*server, "one"), two(*server, "two");
  BOOST_TEST(WaitForReports(3));
  Run(&busy, &one, &two, [&] { return one.pace < 1; });
  BOOST_TEST(one.pace.load() < 1);
  server->Stop();
  BOOST_TEST(fakes::Eventually([&] { return one.pace == 1; }));
  BOOST_TEST(fakes::Eventually([&] { return !one.connected(); }));
}

BOOST_AUTO_TEST_CASE(a_receiver_takes_a_pace_where_its_streams_last_for_five_minutes) {
  for (const base::Nanos age : {base::Nanos{0}, 299 * kSecond, 300 * kSecond}) {
    collector::Options options;
    options.als.address = options.http.address = "127.0.0.1:0";
    options.als.stream_age_max = age;
    options.live.address = "off";
    options.role.role = collector::Role::kReceiver;
    options.role.shuffle.cluster.brokers = {"127.0.0.1:1"};
    options.role.shuffle.cluster.topic = "halves";
    options.tap_source.address = fmt::format("127.0.0.1:{}", server->port());
    options.tap_source.collector = fmt::format("r{}", age);
    options.read_on = options.close_wait = 10 * base::kMillisecond;
    options.unready_wait = 0;
    auto started = collector::Collector::Start(options);
    BOOST_REQUIRE_MESSAGE(started.ok(), Message(started.status()));
    BOOST_TEST(WaitForReports(1));
    const auto reports = server->Reports();
    BOOST_REQUIRE(reports.size() == 1u);
    BOOST_TEST(reports[0]->has_load() == (age >= 300 * kSecond));
    (*started)->Stop();
    BOOST_TEST(WaitForReports(0));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
