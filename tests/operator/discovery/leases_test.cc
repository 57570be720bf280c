// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "collector/tap_source.h"
#include "fakes/eventually.h"
#include "fakes/manual_clock.h"
#include "fmt/format.h"
#include "operator/discovery/discovery_server.h"
#include "pipeline/tap_limits.h"

namespace traffictap {

using base::kSecond;
using collector::TapSource;
using discovery::DiscoveryServer;

namespace {

constexpr const char* kUid = "uid-a";

// The server, and in place of the reconciler a thread that writes what is planned, after each report.
class Operator {
 public:
  Operator(uint64_t max, const std::string& kept, const base::Clock* clock, int port = 0) {
    discovery::DiscoveryServerOptions options;
    options.address = fmt::format("127.0.0.1:{}", port);
    options.clock = clock;
    auto started = DiscoveryServer::Start(options, [this] {
      absl::MutexLock lock(&mutex_);
      ++reports_;
    });
    BOOST_REQUIRE_MESSAGE(started.ok(), Message(started.status()));
    server = *std::move(started);
    server->SetLimits({{kUid, max, kept}});
    writer_ = std::jthread([this](const std::stop_token& stop) { Write(stop); });
  }
  ~Operator() {
    writer_.request_stop();
    writer_.join();
    server->Stop();
  }

  std::string kept() const {
    absl::MutexLock lock(&mutex_);
    return kept_;
  }

  std::unique_ptr<DiscoveryServer> server;

 private:
  void Write(const std::stop_token& stop) {
    for (int seen = 0; !stop.stop_requested();) {
      {
        absl::MutexLock lock(&mutex_);
        const auto more = [&]() { return reports_ != seen; };
        mutex_.AwaitWithTimeout(absl::Condition(&more), absl::Milliseconds(20));
        seen = reports_;
      }
      const auto plan = server->PlanLeases(kUid, 0);
      if (!plan) continue;
      {
        absl::MutexLock lock(&mutex_);
        kept_ = leases::ToText(*plan);
      }
      server->LeasesWritten(kUid, *plan);
    }
  }

  mutable absl::Mutex mutex_;
  int reports_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string kept_ ABSL_GUARDED_BY(mutex_);
  std::jthread writer_;
};

// A pairer, with nothing of it but the limit of one tap.
class Pairer {
 public:
  Pairer(const DiscoveryServer& server, const std::string& name, uint64_t max) {
    spec_.max_records = max;
    limits_.UseLease(leases_.Of(kUid));
    collector::TapSourceOptions options;
    options.address = fmt::format("127.0.0.1:{}", server.port());
    options.collector = name;
    options.role = "pairer";
    options.report_interval = 50 * base::kMillisecond;
    options.backoff_min = 20 * base::kMillisecond;
    options.backoff_max = 100 * base::kMillisecond;
    auto started = TapSource::Start(std::move(options),
                                    {[](const auto&) { return std::vector<pipeline::TapFault>(); },
                                     [] { return pipeline::PipelineSnapshot(); },
                                     {},
                                     &leases_},
                                    &state_);
    BOOST_REQUIRE_MESSAGE(started.ok(), Message(started.status()));
    source_ = *std::move(started);
  }

  bool Take() {
    const bool may = limits_.Take() == pipeline::TapLimits::Answer::kMay;
    taken += may ? 1 : 0;
    return may;
  }
  uint64_t granted() const { return leases_.states().at(kUid).granted; }
  // Without a last word.
  void Kill() { source_.reset(); }
  bool Finish() { return source_->Finish(20 * kSecond); }

  uint64_t taken = 0;

 private:
  tap::LimitsSpec spec_;
  fakes::ManualClock clock_;
  pipeline::RecordLeases leases_;
  pipeline::TapLimits limits_{&spec_, &clock_};
  collector::TapSourceState state_;
  std::unique_ptr<TapSource> source_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(leases_of_pairers)

BOOST_AUTO_TEST_CASE(two_pairers_take_the_maximum_together_and_not_one_more) {
  fakes::ManualClock clock;
  Operator op(100, "", &clock);
  Pairer one(*op.server, "p1", 100);
  Pairer two(*op.server, "p2", 100);
  BOOST_TEST(fakes::Eventually([&] {
    one.Take();
    two.Take();
    return op.server->RecordsEnd(kUid, 0);
  }));
  BOOST_TEST(one.taken + two.taken == 100u);
  BOOST_TEST(one.taken > 0u);
  BOOST_TEST(two.taken > 0u);
  BOOST_TEST(!one.Take());
}

BOOST_AUTO_TEST_CASE(what_a_pairer_that_is_killed_has_not_reported_counts_as_taken) {
  fakes::ManualClock clock;
  Operator op(1000, "", &clock);
  Pairer one(*op.server, "p1", 1000);
  Pairer two(*op.server, "p2", 1000);
  BOOST_TEST(fakes::Eventually([&] { return one.granted() > 10 && two.granted() > 10; }));
  for (int i = 0; i < 10; ++i) one.Take();
  one.Kill();
  const uint64_t left = one.granted() - one.taken;
  BOOST_TEST(fakes::Eventually([&] { return op.server->Reports().size() == 1; }));
  BOOST_TEST(!op.server->RecordsEnd(kUid, 0));
  clock.Advance(leases::LeaseBook::kAwayMax);
  BOOST_TEST(fakes::Eventually([&] {
    for (int i = 0; i < 50; ++i) two.Take();
    return op.server->RecordsEnd(kUid, 0);
  }));
  BOOST_TEST(left > 0u);
  BOOST_TEST(one.taken + two.taken + left == 1000u);
}

BOOST_AUTO_TEST_CASE(what_a_pairer_that_stops_has_not_taken_goes_to_the_others) {
  fakes::ManualClock clock;
  Operator op(100, "", &clock);
  Pairer one(*op.server, "p1", 100);
  BOOST_TEST(fakes::Eventually([&] { return one.granted() == 50u; }));
  for (int i = 0; i < 10; ++i) one.Take();
  BOOST_TEST(one.Finish());
  Pairer two(*op.server, "p2", 100);
  BOOST_TEST(fakes::Eventually([&] {
    two.Take();
    return op.server->RecordsEnd(kUid, 0);
  }));
  BOOST_TEST(two.taken == 90u);
}

BOOST_AUTO_TEST_CASE(an_operator_that_comes_after_grants_nothing_twice) {
  fakes::ManualClock clock;
  auto first = std::make_unique<Operator>(1000, "", &clock);
  Pairer one(*first->server, "p1", 1000);
  Pairer gone(*first->server, "p2", 1000);
  BOOST_TEST(fakes::Eventually([&] { return one.granted() > 0 && gone.granted() > 0; }));
  const uint64_t lost = gone.granted();
  gone.Kill();
  const int port = first->server->port();
  const std::string kept = first->kept();
  first.reset();
  // While nobody leads, what it has is all that it takes.
  const uint64_t had = one.granted();
  while (one.Take()) {
  }
  BOOST_TEST(one.taken == had);
  Operator second(1000, kept, &clock, port);
  BOOST_TEST(fakes::Eventually([&] { return second.server->Reports().size() == 1; }));
  clock.Advance(leases::LeaseBook::kAwayMax);
  BOOST_TEST(fakes::Eventually([&] {
    for (int i = 0; i < 50; ++i) one.Take();
    return second.server->RecordsEnd(kUid, 0);
  }));
  BOOST_TEST(one.taken + lost == 1000u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
