// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcilers/peer_ledger.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"
#include "fmt/format.h"
#include "operator/reconcilers/shared_reports.h"

namespace traffictap {
namespace {

using reconcilers::PeerLedger;

// A tap, and the workloads db at 10.0.0.1 and mail at 10.0.0.2.
struct Mesh {
  Mesh() {
    AddPod("db", "10.0.0.1");
    AddPod("mail", "10.0.0.2");
  }

  void AddPod(const std::string& workload, const std::string& address,
              const std::string& network = "") {
    plan::Pod pod;
    pod.ns = "shop";
    pod.workload_kind = "Deployment";
    pod.workload = workload;
    pod.addresses = {address};
    pod.network = network;
    pods.push_back(pod);
  }
  bool Met(const std::vector<std::string>& addresses, const std::string& network = "") {
    v1::CollectorReport report;
    auto* tap = report.add_taps();
    tap->set_tap("shop/a");
    tap->set_uid(uid);
    for (const auto& address : addresses) {
      auto* peer = tap->add_peers();
      peer->set_address(address);
      peer->set_network(network);
    }
    return ledger.Note(Shared({report}));
  }
  std::string Peers(const std::vector<plan::SeenPeer>& of_status = {}) {
    plan::MeshSnapshot snapshot;
    snapshot.pods = pods;
    snapshot.taps.resize(1);
    snapshot.taps[0].ns = "shop";
    snapshot.taps[0].name = "a";
    snapshot.taps[0].uid = uid;
    snapshot.taps[0].peers = of_status;
    until = ledger.Fill(&snapshot);
    std::string out;
    for (const auto& peer : snapshot.taps[0].peers) out += (out.empty() ? "" : " ") + peer.name;
    return out;
  }
  // As a collector does that meets nobody.
  void Wait(base::Nanos time) {
    for (; time > 0; time -= 20 * base::kSecond) {
      clock.Advance(std::min(time, 20 * base::kSecond));
      Met({});
    }
  }

  fakes::ManualClock clock;
  PeerLedger ledger{&clock};
  std::string uid = "u";
  std::vector<plan::Pod> pods;
  std::optional<base::Nanos> until;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(peer_ledger, Mesh)

BOOST_AUTO_TEST_CASE(who_was_met_first_comes_first_and_only_the_new_is_news) {
  BOOST_TEST(Peers() == "");
  BOOST_TEST(!until.has_value());
  BOOST_TEST(Met({"10.0.0.2"}));
  BOOST_TEST(Peers() == "mail");
  BOOST_TEST(!Met({"10.0.0.2"}));
  clock.Advance(base::kSecond);
  BOOST_TEST(Met({"10.0.0.2", "10.0.0.1"}));
  BOOST_TEST(Peers() == "mail db");
  BOOST_TEST(!ledger.Note({}));
}

BOOST_AUTO_TEST_CASE(who_falls_silent_is_let_go_and_who_speaks_now_and_then_stays) {
  Peers();
  Met({"10.0.0.1", "10.0.0.2"});
  BOOST_TEST(Peers() == "db mail");
  BOOST_TEST(until.value() == PeerLedger::kSilence);
  Wait(PeerLedger::kSilence - 20 * base::kSecond);
  Met({"10.0.0.1"});
  BOOST_TEST(Peers() == "db mail");
  Wait(20 * base::kSecond);
  BOOST_TEST(Peers() == "db");
  BOOST_TEST(Met({"10.0.0.2"}));
}

BOOST_AUTO_TEST_CASE(who_speaks_now_and_then_stays_though_no_plan_is_made_meanwhile) {
  Peers();
  Met({"10.0.0.1"});
  BOOST_TEST(Peers() == "db");
  Wait(300 * base::kSecond);
  BOOST_TEST(!Met({"10.0.0.1"}));
  Wait(300 * base::kSecond);
  BOOST_TEST(Peers() == "db");
  BOOST_TEST(until.value() == PeerLedger::kSilence - 300 * base::kSecond);
  Wait(300 * base::kSecond);
  BOOST_TEST(Peers() == "");
}

BOOST_AUTO_TEST_CASE(while_no_collector_reports_nobody_is_let_go) {
  Peers();
  Met({"10.0.0.1"});
  Peers();
  clock.Advance(2 * PeerLedger::kSilence);
  BOOST_TEST(Peers() == "db");
  BOOST_TEST(until.value() == PeerLedger::kSilence);
  Met({});
  BOOST_TEST(Peers() == "db");
  Wait(PeerLedger::kSilence);
  BOOST_TEST(Peers() == "");
}

BOOST_AUTO_TEST_CASE(a_pod_that_the_watch_brings_later_is_found_for_a_minute) {
  Peers();
  Met({"10.0.0.3", "10.0.0.4"});
  BOOST_TEST(Peers() == "");
  AddPod("late", "10.0.0.3");
  BOOST_TEST(Peers() == "late");
  Wait(80 * base::kSecond);
  AddPod("other", "10.0.0.4");
  BOOST_TEST(Peers() == "late");
}

BOOST_AUTO_TEST_CASE(an_address_without_a_pod_is_no_news) {
  Peers();
  BOOST_TEST(!Met({"192.0.2.1"}));
  BOOST_TEST(Peers() == "");
  BOOST_TEST(!Met({"192.0.2.1", "192.0.2.2"}));
  BOOST_TEST(Met({"192.0.2.3", "10.0.0.1"}));
  AddPod("late", "192.0.2.1");
  BOOST_TEST(Peers() == "db late");
}

BOOST_AUTO_TEST_CASE(addresses_without_pods_make_room_after_a_minute) {
  Peers();
  std::vector<std::string> outside;
  for (int i = 0; i < 2'000; ++i) outside.push_back(fmt::format("192.0.{}.{}", i / 250, i % 250));
  Met(outside);
  Wait(80 * base::kSecond);
  Met({"10.0.0.3"});
  AddPod("late", "10.0.0.3");
  BOOST_TEST(Peers() == "late");
}

BOOST_AUTO_TEST_CASE(room_is_looked_for_once_a_second) {
  Peers();
  std::vector<std::string> outside;
  for (int i = 0; i < 2'000; ++i) outside.push_back(fmt::format("192.0.{}.{}", i / 250, i % 250));
  Met(outside);
  clock.Advance(60 * base::kSecond);
  Met({});
  AddPod("late", "10.0.0.3");
  AddPod("later", "10.0.0.4");
  clock.Advance(500 * base::kMillisecond);
  Met({"10.0.0.3"});
  clock.Advance(500 * base::kMillisecond);
  Met({"10.0.0.4"});
  BOOST_TEST(Peers() == "later");
}

BOOST_AUTO_TEST_CASE(a_pod_of_another_network_is_another_one) {
  AddPod("far", "10.0.0.9", "west");
  Peers();
  Met({"10.0.0.9"}, "east");
  BOOST_TEST(Peers() == "");
  Met({"10.0.0.9"}, "west");
  BOOST_TEST(Peers() == "far");
}

BOOST_AUTO_TEST_CASE(an_operator_that_starts_goes_on_with_what_the_status_says) {
  const std::vector<plan::SeenPeer> status = {{"shop", "Deployment", "mail"},
                                              {"shop", "Deployment", "db"}};
  BOOST_TEST(Peers(status) == "mail db");
  BOOST_TEST(Peers() == "mail db");
  uid = "another tap of that name";
  BOOST_TEST(Peers() == "");
  uid = "u";
  ledger.Clear();
  BOOST_TEST(Peers(status) == "mail db");
}

BOOST_AUTO_TEST_CASE(what_one_tap_can_make_it_keep_is_bounded) {
  pods.clear();
  std::vector<std::string> addresses;
  for (int i = 0; i < 2'000; ++i) {
    addresses.push_back(fmt::format("10.1.{}.{}", i / 250, i % 250));
    AddPod(fmt::format("w{}", i), addresses.back());
  }
  Peers();
  Met(addresses);
  const std::string peers = Peers();
  BOOST_TEST(static_cast<size_t>(std::count(peers.begin(), peers.end(), ' ')) + 1 ==
             PeerLedger::kWorkloadsMax);
  BOOST_TEST(Met({"10.1.0.0"}) == false);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
