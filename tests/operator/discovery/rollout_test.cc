// SPDX-License-Identifier: Apache-2.0
#include "operator/discovery/rollout.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "collector/role.h"
#include "collector/tap_source.h"
#include "fakes/eventually.h"
#include "fmt/format.h"
#include "operator/discovery/discovery_server.h"

namespace traffictap {

using collector::Role;
using collector::TapSource;
using discovery::DiscoveryServer;
using discovery::RolloutStage;

namespace {

constexpr base::Nanos kPatience = 20 * base::kSecond;

discovery::ReportPtr MakeReport(const std::string& name, const std::string& role,
                                const std::string& version) {
  auto out = std::make_shared<v1::CollectorReport>();
  out->set_collector(name);
  out->set_role(role);
  out->set_version(version);
  return out;
}

plan::CompiledTap MakeTap(const std::string& name) {
  return {"shop/" + name, "uid-" + name, 1,
          R"({"apiVersion":"traffictap.io/v1alpha1","kind":"TrafficTap","metadata":{"name":")" +
              name +
              R"(","namespace":"shop"},"spec":{"outputs":[{"name":"out","type":"Stdout"}]}})"};
}

std::unique_ptr<DiscoveryServer> Serve() {
  auto started = DiscoveryServer::Start({"127.0.0.1:0"}, [] {});
  BOOST_REQUIRE_MESSAGE(started.ok(), Message(started.status()));
  return *std::move(started);
}

// A process that shares a collector's work, without its pipeline. It takes no taps before `go`.
class Process {
 public:
  Process(const DiscoveryServer& server, const std::string& name, Role role,
          std::atomic<int>* order)
      : order_(order) {
    collector::TapSourceOptions options;
    options.address = fmt::format("127.0.0.1:{}", server.port());
    options.collector = name;
    if (role != Role::kAll) options.role = collector::TraitsOf(role).name;
    options.report_interval = 50 * base::kMillisecond;
    options.backoff_min = 20 * base::kMillisecond;
    auto started = TapSource::Start(std::move(options),
                                    {[this](const auto&) {
                                       begun = true;
                                       go.WaitForNotificationWithTimeout(absl::Seconds(20));
                                       taken_as = ++*order_;
                                       return std::vector<pipeline::TapFault>();
                                     },
                                     [] { return pipeline::PipelineSnapshot(); }},
                                    &state_);
    BOOST_REQUIRE_MESSAGE(started.ok(), Message(started.status()));
    source = *std::move(started);
  }

  std::atomic<bool> begun{false};
  std::atomic<int> taken_as{0};  // its place among all
  absl::Notification go;

 private:
  std::atomic<int>* const order_;
  collector::TapSourceState state_;

 public:
  std::unique_ptr<TapSource> source;
};

bool AreConnected(const DiscoveryServer& server, size_t count) {
  return fakes::Eventually([&] { return server.Reports().size() == count; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rollout)

BOOST_AUTO_TEST_CASE(pairers_come_first_then_receivers_and_nobody_waits_for_the_others) {
  const auto stage = [](const std::vector<discovery::ReportPtr>& reports) {
    return discovery::StageOf("2", reports);
  };
  const auto old_pairer = MakeReport("p0", "pairer", "1");
  const auto new_pairer = MakeReport("p1", "pairer", "2");
  const auto old_receiver = MakeReport("r0", "receiver", "");
  const auto old_collector = MakeReport("c", "", "1");
  BOOST_TEST((stage({}) == RolloutStage::kDone));
  BOOST_TEST((stage({old_collector}) == RolloutStage::kDone));
  BOOST_TEST((stage({old_receiver, new_pairer, old_pairer}) == RolloutStage::kPairers));
  BOOST_TEST((stage({old_collector, old_receiver, new_pairer}) == RolloutStage::kReceivers));
  BOOST_TEST((stage({new_pairer, MakeReport("r0", "receiver", "2")}) == RolloutStage::kDone));
  BOOST_TEST(discovery::Lagging("2", {old_collector, old_receiver, new_pairer, old_pairer}) ==
             "r0,p0");
}

BOOST_AUTO_TEST_CASE(the_roles_are_those_that_processes_report) {
  BOOST_TEST(discovery::WaitsForPairers(collector::TraitsOf(Role::kReceiver).name));
  BOOST_TEST(!discovery::WaitsForPairers(collector::TraitsOf(Role::kPairer).name));
  BOOST_TEST(!discovery::WaitsForPairers(""));
  const auto stage =
      discovery::StageOf("2", {MakeReport("p0", collector::TraitsOf(Role::kPairer).name, "1")});
  BOOST_TEST((stage == RolloutStage::kPairers));
}

BOOST_AUTO_TEST_CASE(a_receiver_gets_taps_once_every_pairer_has_them) {
  std::atomic<int> order{0};
  const auto server = Serve();
  Process receiver(*server, "r0", Role::kReceiver, &order);
  Process one(*server, "p0", Role::kPairer, &order), two(*server, "p1", Role::kPairer, &order);
  BOOST_REQUIRE(AreConnected(*server, 3));
  receiver.go.Notify();
  server->SetTaps({MakeTap("a")});
  std::atomic<bool> taken{false}, returned{false};
  std::jthread waits([&] {
    taken = server->AwaitTaken(kPatience);
    returned = true;
  });
  BOOST_TEST(fakes::Eventually([&] { return one.begun && two.begun; }));
  one.go.Notify();
  BOOST_TEST(fakes::Eventually([&] { return one.taken_as > 0; }));
  // Long enough for some reports of the receiver, which is not offered anything by them.
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  BOOST_TEST(!receiver.begun);
  BOOST_TEST(!returned);
  two.go.Notify();
  waits.join();
  BOOST_TEST(taken);
  BOOST_TEST(receiver.taken_as == 3);
}

BOOST_AUTO_TEST_CASE(a_pairer_that_takes_nothing_is_waited_for_once_and_holds_nobody_up_longer) {
  std::atomic<int> order{0};
  const auto server = Serve();
  Process receiver(*server, "r0", Role::kReceiver, &order);
  Process pairer(*server, "p0", Role::kPairer, &order);
  BOOST_REQUIRE(AreConnected(*server, 2));
  receiver.go.Notify();
  server->SetTaps({MakeTap("a")});
  BOOST_TEST(!server->AwaitTaken(200 * base::kMillisecond));
  BOOST_TEST(fakes::Eventually([&] { return receiver.taken_as == 1; }));
  const auto start = std::chrono::steady_clock::now();
  BOOST_TEST(!server->AwaitTaken(kPatience));
  BOOST_TEST((std::chrono::steady_clock::now() - start < std::chrono::seconds(5)));
  pairer.go.Notify();
  server->SetTaps({MakeTap("a"), MakeTap("b")});
  BOOST_TEST(server->AwaitTaken(kPatience));
}

BOOST_AUTO_TEST_CASE(a_pairer_that_leaves_is_not_waited_for) {
  std::atomic<int> order{0};
  const auto server = Serve();
  Process receiver(*server, "r0", Role::kReceiver, &order);
  Process pairer(*server, "p0", Role::kPairer, &order);
  BOOST_REQUIRE(AreConnected(*server, 2));
  receiver.go.Notify();
  server->SetTaps({MakeTap("a")});
  BOOST_TEST(fakes::Eventually([&] { return pairer.begun.load(); }));
  std::jthread leaves([&] { pairer.source.reset(); });  // waits for the hook
  BOOST_TEST(server->AwaitTaken(kPatience));
  BOOST_TEST(receiver.taken_as == 1);
  pairer.go.Notify();
}

BOOST_AUTO_TEST_CASE(nobody_waits_for_who_does_all_of_the_work) {
  std::atomic<int> order{0};
  const auto server = Serve();
  BOOST_TEST(server->AwaitTaken(kPatience));  // without taps there is nothing to take
  Process all(*server, "c", Role::kAll, &order);
  BOOST_REQUIRE(AreConnected(*server, 1));
  server->SetTaps({MakeTap("a")});
  BOOST_TEST(fakes::Eventually([&] { return all.begun.load(); }));
  BOOST_TEST(server->AwaitTaken(kPatience));
  BOOST_TEST(all.taken_as == 0);
  all.go.Notify();
}

BOOST_AUTO_TEST_CASE(a_server_that_stops_ends_the_wait) {
  std::atomic<int> order{0};
  const auto server = Serve();
  Process pairer(*server, "p0", Role::kPairer, &order);
  BOOST_REQUIRE(AreConnected(*server, 1));
  server->SetTaps({MakeTap("a")});
  BOOST_TEST(fakes::Eventually([&] { return pairer.begun.load(); }));
  const auto start = std::chrono::steady_clock::now();
  {
    const std::jthread waits([&] { server->AwaitTaken(kPatience); });
    server->Stop();
  }
  BOOST_TEST((std::chrono::steady_clock::now() - start < std::chrono::seconds(10)));
  pairer.go.Notify();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
