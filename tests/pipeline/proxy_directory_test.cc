// SPDX-License-Identifier: Apache-2.0
#include "pipeline/proxy_directory.h"

#include <boost/test/unit_test.hpp>

#include "fakes/entry_builder.h"

namespace traffictap {

using base::kSecond;
using fakes::MakeNode;
using pairing::PeerState;
using pipeline::ProxyDirectory;

const traffic::SocketAddress kPeer = fakes::Address("10.0.0.1:15006");

BOOST_AUTO_TEST_SUITE(proxy_directory)

BOOST_AUTO_TEST_CASE(a_peer_is_unknown_then_warming_up_then_tapped) {
  ProxyDirectory directory(10 * kSecond, 100);
  BOOST_TEST((directory.Lookup(kPeer, 0, 100 * kSecond) == PeerState::kUnknown));
  directory.StreamOpened(MakeNode("10.0.0.1"), 100 * kSecond);
  BOOST_TEST((directory.Lookup(kPeer, 0, 109 * kSecond) == PeerState::kWarmingUp));
  BOOST_TEST((directory.Lookup(kPeer, 0, 110 * kSecond) == PeerState::kTapped));
}

BOOST_AUTO_TEST_CASE(a_second_stream_starts_no_second_warm_up) {
  ProxyDirectory directory(10 * kSecond, 100);
  directory.StreamOpened(MakeNode("10.0.0.1"), 100 * kSecond);
  directory.StreamOpened(MakeNode("10.0.0.1"), 115 * kSecond);
  BOOST_TEST((directory.Lookup(kPeer, 0, 116 * kSecond) == PeerState::kTapped));
  directory.StreamEnded(*MakeNode("10.0.0.1"), true, 117 * kSecond);
  BOOST_TEST((directory.Lookup(kPeer, 200 * kSecond, 201 * kSecond) == PeerState::kTapped));
}

BOOST_AUTO_TEST_CASE(a_peer_that_ended_its_stream_is_tapped_until_the_time_asked_for_is_past_it) {
  ProxyDirectory directory(0, 100);
  directory.StreamOpened(MakeNode("10.0.0.1"), 100 * kSecond);
  directory.StreamEnded(*MakeNode("10.0.0.1"), true, 120 * kSecond);
  BOOST_TEST((directory.Lookup(kPeer, 119 * kSecond, 125 * kSecond) == PeerState::kTapped));
  BOOST_TEST((directory.Lookup(kPeer, 121 * kSecond, 125 * kSecond) == PeerState::kUnknown));
}

BOOST_AUTO_TEST_CASE(losses_count_from_the_time_asked_for) {
  ProxyDirectory directory(0, 100);
  directory.StreamOpened(MakeNode("10.0.0.1"), 100 * kSecond);
  directory.EntriesLost(*MakeNode("10.0.0.1"), 120 * kSecond);
  BOOST_TEST((directory.Lookup(kPeer, 120 * kSecond, 121 * kSecond) == PeerState::kLost));
  BOOST_TEST((directory.Lookup(kPeer, 121 * kSecond, 122 * kSecond) == PeerState::kTapped));
  directory.StreamEnded(*MakeNode("10.0.0.1"), false, 130 * kSecond);
  BOOST_TEST((directory.Lookup(kPeer, 125 * kSecond, 131 * kSecond) == PeerState::kLost));
}

BOOST_AUTO_TEST_CASE(a_pod_of_two_addresses_is_known_by_each) {
  ProxyDirectory directory(0, 100);
  const auto pod = std::make_shared<traffic::Node>(*MakeNode("10.0.0.1"));
  pod->addresses.push_back(*traffic::ParseSocketAddress("fd00::1", 0));
  const auto second = fakes::Address("[fd00::1]:15006");
  directory.StreamOpened(pod, 100 * kSecond);
  BOOST_CHECK(directory.Lookup(second, 0, 101 * kSecond) == PeerState::kTapped);
  BOOST_TEST(directory.NodeAt(second) == pod);
  directory.EntriesLost(*pod, 110 * kSecond);
  BOOST_CHECK(directory.Lookup(second, 105 * kSecond, 111 * kSecond) == PeerState::kLost);
  BOOST_CHECK(directory.Lookup(kPeer, 105 * kSecond, 111 * kSecond) == PeerState::kLost);
  directory.StreamEnded(*pod, true, 120 * kSecond);
  BOOST_CHECK(directory.Lookup(second, 121 * kSecond, 122 * kSecond) == PeerState::kUnknown);
}

BOOST_AUTO_TEST_CASE(a_proxy_without_an_address_is_nobodys_peer) {
  ProxyDirectory directory(0, 100);
  for (const char* ip : {"", "web-0", "10.0.0.1:80"}) directory.StreamOpened(MakeNode(ip), kSecond);
  BOOST_TEST((directory.Lookup(traffic::SocketAddress{}, 0, 2 * kSecond) == PeerState::kUnknown));
  directory.EntriesLost(*MakeNode(""), kSecond);
  directory.StreamEnded(*MakeNode(""), false, kSecond);
  BOOST_TEST((directory.Lookup(traffic::SocketAddress{}, 0, 2 * kSecond) == PeerState::kUnknown));
}

BOOST_AUTO_TEST_CASE(ports_do_not_matter_and_both_forms_of_an_ipv4_address_are_one) {
  ProxyDirectory directory(0, 100);
  directory.StreamOpened(MakeNode("::ffff:10.0.0.1"), kSecond);
  BOOST_TEST(
      (directory.Lookup(fakes::Address("10.0.0.1:9999"), 0, 2 * kSecond) == PeerState::kTapped));
}

BOOST_AUTO_TEST_CASE(the_longest_gone_is_forgotten_first_and_never_one_that_is_there) {
  ProxyDirectory directory(0, 3);
  directory.StreamOpened(MakeNode("10.0.0.1"), 1 * kSecond);
  for (const char* ip : {"10.0.0.2", "10.0.0.3"}) {
    directory.StreamOpened(MakeNode(ip), 2 * kSecond);
    directory.EntriesLost(*MakeNode(ip), 2 * kSecond);
  }
  directory.StreamEnded(*MakeNode("10.0.0.3"), true, 3 * kSecond);
  directory.StreamEnded(*MakeNode("10.0.0.2"), true, 4 * kSecond);
  directory.StreamOpened(MakeNode("10.0.0.4"), 5 * kSecond);
  const auto state = [&](const std::string& ip) {
    return directory.Lookup(fakes::Address(ip + ":1"), 0, 6 * kSecond);
  };
  BOOST_TEST((state("10.0.0.1") == PeerState::kTapped));
  BOOST_TEST((state("10.0.0.2") == PeerState::kLost));
  BOOST_TEST((state("10.0.0.3") == PeerState::kUnknown));
  BOOST_TEST((state("10.0.0.4") == PeerState::kTapped));
}

BOOST_AUTO_TEST_CASE(proxies_that_are_there_are_all_known_however_many) {
  ProxyDirectory directory(0, 1);
  for (const char* ip : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) {
    directory.StreamOpened(MakeNode(ip), kSecond);
  }
  for (const char* peer : {"10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"}) {
    BOOST_TEST((directory.NodeAt(fakes::Address(peer)) != nullptr), peer);
  }
  directory.StreamEnded(*MakeNode("10.0.0.2"), true, 2 * kSecond);
  BOOST_TEST(
      (directory.Lookup(fakes::Address("10.0.0.2:1"), 0, 2 * kSecond) == PeerState::kUnknown));
}

BOOST_AUTO_TEST_CASE(the_streams_of_a_proxy_share_a_clock_and_proxies_without_an_address_do_not) {
  ProxyDirectory directory(0, 3);
  const auto clock = directory.StreamOpened(MakeNode("10.0.0.1"), kSecond);
  BOOST_TEST(directory.StreamOpened(MakeNode("10.0.0.1"), kSecond) == clock);
  BOOST_TEST(directory.StreamOpened(MakeNode("", "a"), kSecond) !=
             directory.StreamOpened(MakeNode("", "b"), kSecond));
}

BOOST_AUTO_TEST_CASE(each_proxy_that_sent_under_a_tap_counts_once_for_it_while_it_is_there) {
  ProxyDirectory directory(0, 10);
  const auto table = *pipeline::TapTable::Create({std::make_shared<tap::TapSpec>()}, {7});
  traffic::TapSet candidates;
  candidates.Add(0);
  const auto dual = std::make_shared<traffic::Node>(*MakeNode("10.0.0.1"));
  dual->addresses.push_back(*traffic::ParseSocketAddress("fd00::1", 0));
  const traffic::NodePtr pod = dual, bare = MakeNode("", "bare");
  for (const auto& node : {pod, bare, bare}) directory.StreamOpened(node, kSecond);
  BOOST_TEST(directory.SendersByTap().empty());
  for (const auto& node : {pod, bare}) directory.Sent(*node, table, candidates);
  BOOST_TEST(directory.SendersByTap().at(7) == 2u);
  directory.StreamEnded(*bare, true, 2 * kSecond);
  BOOST_TEST(directory.SendersByTap().at(7) == 2u);
  directory.StreamEnded(*bare, true, 2 * kSecond);
  BOOST_TEST(directory.SendersByTap().at(7) == 1u);
  directory.StreamOpened(bare, 3 * kSecond);
  BOOST_TEST(directory.SendersByTap().at(7) == 1u);
}

BOOST_AUTO_TEST_CASE(equal_addresses_of_two_networks_are_two_proxies) {
  ProxyDirectory directory(0, 10);
  const auto in = [](const char* network, const char* workload) {
    const auto node = std::make_shared<traffic::Node>(*MakeNode("10.0.0.1", workload));
    node->network = network;
    return traffic::NodePtr(node);
  };
  const auto east = in("east", "cart"), west = in("west", "stock");
  const auto clock = directory.StreamOpened(east, kSecond);
  BOOST_CHECK(directory.Lookup({kPeer, "west"}, 0, 2 * kSecond) == PeerState::kUnknown);
  BOOST_TEST(directory.StreamOpened(west, kSecond) != clock);
  directory.EntriesLost(*west, 2 * kSecond);
  BOOST_CHECK(directory.Lookup({kPeer, "east"}, 0, 3 * kSecond) == PeerState::kTapped);
  BOOST_CHECK(directory.Lookup({kPeer, "west"}, 0, 3 * kSecond) == PeerState::kLost);
  BOOST_TEST(directory.NodeAt({kPeer, "east"}) == east);
  BOOST_TEST(directory.NodeAt({kPeer, "west"}) == west);
  BOOST_TEST(directory.NodeAt({kPeer, "north"}) == nullptr);
  // Who does not know its own network takes what is there.
  BOOST_TEST(directory.NodeAt(kPeer) != nullptr);
  const auto anywhere = in("", "shop");
  directory.StreamOpened(anywhere, kSecond);
  BOOST_TEST(directory.NodeAt({kPeer, "north"}) == anywhere);
  BOOST_TEST(directory.NodeAt({kPeer, "east"}) == east);
}

BOOST_AUTO_TEST_CASE(what_is_said_of_a_stranger_is_ignored) {
  ProxyDirectory directory(0, 3);
  directory.StreamEnded(*MakeNode("10.0.0.1"), false, kSecond);
  directory.EntriesLost(*MakeNode("10.0.0.1"), kSecond);
  BOOST_TEST((directory.Lookup(kPeer, 0, 2 * kSecond) == PeerState::kUnknown));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
