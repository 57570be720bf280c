// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "fakes/entry_builder.h"
#include "fmt/format.h"
#include "pipeline/proxy_directory.h"

namespace traffictap {

using base::kSecond;
using fakes::MakeNode;
using pairing::PeerState;
using pairing::RemoteProxy;
using pipeline::ProxyDirectory;

namespace {

const traffic::SocketAddress kPeer = fakes::Address("10.0.0.1:15006");
// The log's time of a receiver's 0.
constexpr base::Nanos kT = 1'700'000'000 * kSecond;
constexpr base::Nanos kSilence = ProxyDirectory::kReceiverSilence;

RemoteProxy Proxy(base::Nanos opened, uint32_t streams = 1, const std::string& ip = "10.0.0.1") {
  RemoteProxy out;
  out.node = MakeNode(ip);
  out.streams = streams;
  out.first_opened = out.last_seen = opened;
  return out;
}

struct Receivers {
  void Heard(const std::string& receiver, base::Nanos at, bool bye = false) {
    directory.Heard(receiver, at, kT + at, bye);
  }
  PeerState At(base::Nanos since, base::Nanos now) const {
    return directory.Lookup(kPeer, kT + since, kT + now);
  }

  ProxyDirectory directory{10 * kSecond, 6};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(proxy_directory_remote, Receivers)

BOOST_AUTO_TEST_CASE(what_a_receiver_says_counts_by_the_logs_time_once_it_was_heard) {
  BOOST_TEST(directory.Set("r", Proxy(100 * kSecond), nullptr));
  BOOST_CHECK(At(0, 105 * kSecond) == PeerState::kUnknown);
  BOOST_TEST(directory.NodeAt(kPeer) == nullptr);
  Heard("r", 104 * kSecond);
  BOOST_TEST(directory.NodeAt(kPeer) != nullptr);
  BOOST_CHECK(At(0, 105 * kSecond) == PeerState::kWarmingUp);
  BOOST_CHECK(At(0, 111 * kSecond) == PeerState::kTapped);
}

BOOST_AUTO_TEST_CASE(a_stream_that_ended_and_a_loss_count_from_the_time_asked_for) {
  Heard("r", 100 * kSecond);
  auto proxy = Proxy(50 * kSecond);
  directory.Set("r", proxy, nullptr);
  proxy.last_loss = 100 * kSecond;
  directory.Set("r", proxy, proxy.node.get());
  BOOST_CHECK(At(100 * kSecond, 105 * kSecond) == PeerState::kLost);
  BOOST_CHECK(At(101 * kSecond, 106 * kSecond) == PeerState::kTapped);
  proxy.streams = 0;
  proxy.last_seen = 110 * kSecond;
  Heard("r", 111 * kSecond);
  directory.Set("r", proxy, proxy.node.get());
  BOOST_TEST(directory.NodeAt(kPeer) == nullptr);
  BOOST_CHECK(At(109 * kSecond, 114 * kSecond) == PeerState::kTapped);
  BOOST_CHECK(At(111 * kSecond, 116 * kSecond) == PeerState::kUnknown);
  directory.Gone("r", *proxy.node);
  BOOST_CHECK(At(0, 114 * kSecond) == PeerState::kUnknown);
}

BOOST_AUTO_TEST_CASE(two_receivers_of_one_proxy_answer_together) {
  Heard("r", 100 * kSecond);
  Heard("s", 100 * kSecond);
  directory.Set("r", Proxy(50 * kSecond), nullptr);
  auto second = Proxy(99 * kSecond);
  directory.Set("s", second, nullptr);
  // It has had a stream all the time.
  BOOST_CHECK(At(95 * kSecond, 100 * kSecond) == PeerState::kTapped);
  auto ended = Proxy(50 * kSecond, 0);
  ended.last_seen = 98 * kSecond;
  directory.Set("r", ended, ended.node.get());
  BOOST_CHECK(At(95 * kSecond, 100 * kSecond) == PeerState::kWarmingUp);
  second.last_loss = 100 * kSecond;
  directory.Set("s", second, second.node.get());
  BOOST_CHECK(At(95 * kSecond, 100 * kSecond) == PeerState::kLost);
  directory.Gone("r", *ended.node);
  BOOST_TEST(directory.NodeAt(kPeer) == second.node);
}

BOOST_AUTO_TEST_CASE(the_proxies_of_a_dead_receiver_have_lost_what_it_had) {
  directory.Set("r", Proxy(50 * kSecond), nullptr);
  Heard("r", 100 * kSecond);
  // It holds the log's time back until it is dead.
  BOOST_CHECK(At(95 * kSecond, 100 * kSecond) == PeerState::kTapped);
  const base::Nanos dead = 100 * kSecond + kSilence;
  BOOST_CHECK(At(95 * kSecond, dead) == PeerState::kLost);
  BOOST_CHECK(At(dead, dead + 5 * kSecond) == PeerState::kLost);
  BOOST_CHECK(At(dead + 1, dead + 6 * kSecond) == PeerState::kUnknown);
  // At another one it is as new as its stream.
  Heard("s", dead);
  directory.Set("s", Proxy(104 * kSecond), nullptr);
  BOOST_CHECK(At(dead, dead + 5 * kSecond) == PeerState::kLost);
  BOOST_CHECK(At(dead + 1, dead + 6 * kSecond) == PeerState::kTapped);
  // It was cut off, and is back.
  Heard("r", dead + 10 * kSecond);
  BOOST_CHECK(At(dead, dead + 11 * kSecond) == PeerState::kTapped);
}

BOOST_AUTO_TEST_CASE(who_is_at_an_address_only_receivers_tell_that_are_there) {
  const auto before = Proxy(50 * kSecond), after = Proxy(200 * kSecond);
  directory.Set("a", before, nullptr);
  Heard("a", 100 * kSecond);
  BOOST_TEST(directory.NodeAt(kPeer, kT + 100 * kSecond) == before.node);
  BOOST_TEST(directory.NodeAt(kPeer, kT + 100 * kSecond + kSilence) == nullptr);
  // Another pod has the address, at another receiver.
  Heard("b", 210 * kSecond);
  directory.Set("b", after, nullptr);
  BOOST_TEST(directory.NodeAt(kPeer, kT + 210 * kSecond) == after.node);
  BOOST_TEST(directory.NodeAt(kPeer) == after.node);
}

BOOST_AUTO_TEST_CASE(a_goodbye_ends_streams_at_that_time) {
  directory.Set("r", Proxy(50 * kSecond), nullptr);
  Heard("r", 100 * kSecond);
  Heard("r", 101 * kSecond, true);
  BOOST_CHECK(At(97 * kSecond, 102 * kSecond) == PeerState::kLost);
  BOOST_CHECK(At(102 * kSecond, 107 * kSecond) == PeerState::kUnknown);
  // To a partition that is far behind it has not come yet.
  BOOST_CHECK(At(40 * kSecond, 65 * kSecond) == PeerState::kTapped);
}

BOOST_AUTO_TEST_CASE(what_is_taken_back_while_streams_are_open_has_ended_with_the_receiver) {
  const auto proxy = Proxy(50 * kSecond);
  directory.Set("r", proxy, nullptr);
  Heard("r", 100 * kSecond);
  directory.Gone("r", *proxy.node);
  BOOST_TEST(directory.NodeAt(kPeer) == nullptr);
  BOOST_CHECK(At(100 * kSecond, 105 * kSecond) == PeerState::kLost);
  BOOST_CHECK(At(101 * kSecond, 106 * kSecond) == PeerState::kUnknown);
}

BOOST_AUTO_TEST_CASE(what_is_taken_back_late_does_not_end_streams_that_opened_since) {
  Heard("r", 100 * kSecond);
  const auto first = Proxy(50 * kSecond, 0), second = Proxy(80 * kSecond);
  directory.Set("r", first, nullptr);
  directory.Set("r", second, nullptr);
  directory.Gone("r", *first.node);
  BOOST_CHECK(At(95 * kSecond, 100 * kSecond) == PeerState::kTapped);
  directory.Gone("r", *second.node);
  BOOST_CHECK(At(95 * kSecond, 100 * kSecond) == PeerState::kLost);
}

BOOST_AUTO_TEST_CASE(a_proxy_that_names_other_addresses_is_known_by_these_alone) {
  Heard("r", 100 * kSecond);
  const auto before = Proxy(50 * kSecond);
  directory.Set("r", before, nullptr);
  directory.Set("r", Proxy(50 * kSecond, 1, "10.0.0.9"), before.node.get());
  BOOST_TEST(directory.NodeAt(kPeer) == nullptr);
  BOOST_TEST(directory.NodeAt(fakes::Address("10.0.0.9:1")) != nullptr);
}

BOOST_AUTO_TEST_CASE(there_are_never_more_than_there_is_room_for_and_those_that_are_gone_go_first) {
  Heard("r", 100 * kSecond);
  for (int i = 1; i <= 6; ++i) {
    const auto ip = fmt::format("10.0.0.{}", i);
    BOOST_TEST(directory.Set("r", Proxy(i * kSecond, i == 2 || i == 3 ? 0 : 1, ip), nullptr));
  }
  const auto here = [&](int i) {
    const auto address = fakes::Address(fmt::format("10.0.0.{}:1", i));
    return directory.Lookup(address, kT, kT + 100 * kSecond) != PeerState::kUnknown;
  };
  BOOST_TEST(directory.Set("r", Proxy(7 * kSecond, 1, "10.0.0.7"), nullptr));
  BOOST_TEST(!here(2));
  BOOST_TEST(here(3));
  BOOST_TEST(directory.Set("r", Proxy(8 * kSecond, 1, "10.0.0.8"), nullptr));
  BOOST_TEST(!here(3));
  BOOST_TEST(!directory.Set("r", Proxy(9 * kSecond, 1, "10.0.0.9"), nullptr));
  for (const int i : {1, 4, 5, 6, 7, 8}) BOOST_TEST(here(i), i);
  const auto known = Proxy(4 * kSecond, 2, "10.0.0.4");
  BOOST_TEST(directory.Set("r", known, known.node.get()));
}

BOOST_AUTO_TEST_CASE(receivers_that_are_long_silent_or_were_never_heard_are_forgotten) {
  directory.Set("old", Proxy(50 * kSecond), nullptr);
  directory.Set("before", Proxy(50 * kSecond, 1, "10.0.0.2"), nullptr);
  // Who hears nobody does not know.
  for (int i = 0; i < 10; ++i) BOOST_TEST(directory.ForgetSilent().empty());
  Heard("old", 100 * kSecond);
  Heard("r", 100 * kSecond);
  directory.Set("r", Proxy(50 * kSecond, 1, "10.0.0.3"), nullptr);
  // Nor does who is behind, and reads five minutes of the log in one.
  for (int i = 0; i < 5; ++i) {
    Heard("r", (100 + 300 * i) * kSecond);
    BOOST_TEST(directory.ForgetSilent().empty());
  }
  std::vector<std::string> forgotten;
  for (int i = 1; i <= 3; ++i) {
    BOOST_TEST(forgotten.empty());
    Heard("r", (1300 + 60 * i) * kSecond);
    forgotten = directory.ForgetSilent();
  }
  BOOST_TEST(forgotten == std::vector<std::string>{"before"}, boost::test_tools::per_element());
  BOOST_TEST(directory.NodeAt(fakes::Address("10.0.0.2:1")) == nullptr);
  Heard("r", 101 * kSecond + ProxyDirectory::kReceiverKept);
  BOOST_TEST(directory.ForgetSilent() == std::vector<std::string>{"old"},
             boost::test_tools::per_element());
  BOOST_TEST(directory.NodeAt(kPeer) == nullptr);
  BOOST_TEST(directory.NodeAt(fakes::Address("10.0.0.3:1")) != nullptr);
}

BOOST_AUTO_TEST_CASE(times_that_no_clock_shows_are_safe) {
  for (const base::Nanos time : {INT64_MIN + 1, INT64_MAX}) {
    auto proxy = Proxy(time);
    proxy.last_loss = time;
    directory.Set("r", proxy, nullptr);
    directory.Heard("r", time, kT, false);
    At(0, kSecond);
    directory.Gone("r", *proxy.node);
    At(0, kSecond);
  }
}

BOOST_AUTO_TEST_CASE(changes_of_own_proxies_are_kept_for_who_asks_for_them) {
  const auto node = MakeNode("10.0.0.1");
  directory.StreamOpened(node, kSecond);
  BOOST_TEST(directory.TakeChanges().empty());
  directory.TrackChanges();
  directory.StreamOpened(node, 2 * kSecond);
  directory.StreamOpened(MakeNode("", "bare"), 3 * kSecond);
  auto changes = directory.TakeChanges();
  BOOST_REQUIRE(changes.size() == 2u);
  BOOST_TEST(directory.TakeChanges().empty());
  directory.EntriesLost(*node, 4 * kSecond);
  directory.StreamEnded(*node, true, 5 * kSecond);
  changes = directory.TakeChanges();
  BOOST_REQUIRE(changes.size() == 1u);
  BOOST_TEST(changes[0].node == node);
  BOOST_TEST(changes[0].streams == 1u);
  BOOST_TEST(changes[0].first_opened == kSecond);
  BOOST_TEST(changes[0].last_loss == 4 * kSecond);
  BOOST_TEST(changes[0].last_seen == 5 * kSecond);
  directory.StreamEnded(*node, false, 6 * kSecond);
  changes = directory.TakeChanges();
  BOOST_REQUIRE(changes.size() == 1u);
  BOOST_TEST(changes[0].node == node);
  BOOST_TEST(changes[0].streams == 0u);
  BOOST_TEST(changes[0].last_loss == 6 * kSecond);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
