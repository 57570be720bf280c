// SPDX-License-Identifier: Apache-2.0
#include "pairing/peer_directory.h"

#include <boost/test/unit_test.hpp>

#include "fakes/entry_builder.h"

namespace traffictap {

using base::kSecond;
using pairing::PeerDirectory;
using pairing::PeerState;

const traffic::SocketAddress kPeer = fakes::Address("10.0.0.1:15006");

BOOST_AUTO_TEST_SUITE(peer_directory)

BOOST_AUTO_TEST_CASE(a_peer_is_unknown_then_warming_up_then_tapped) {
  PeerDirectory directory(10 * kSecond, 100);
  BOOST_TEST((directory.Lookup(kPeer, 0, 100 * kSecond) == PeerState::kUnknown));
  directory.StreamOpened("10.0.0.1", 100 * kSecond);
  BOOST_TEST((directory.Lookup(kPeer, 0, 109 * kSecond) == PeerState::kWarmingUp));
  BOOST_TEST((directory.Lookup(kPeer, 0, 110 * kSecond) == PeerState::kTapped));
}

BOOST_AUTO_TEST_CASE(a_second_stream_starts_no_second_warm_up) {
  PeerDirectory directory(10 * kSecond, 100);
  directory.StreamOpened("10.0.0.1", 100 * kSecond);
  directory.StreamOpened("10.0.0.1", 115 * kSecond);
  BOOST_TEST((directory.Lookup(kPeer, 0, 116 * kSecond) == PeerState::kTapped));
  directory.StreamEnded("10.0.0.1", true, 117 * kSecond);
  BOOST_TEST((directory.Lookup(kPeer, 200 * kSecond, 201 * kSecond) == PeerState::kTapped));
}

BOOST_AUTO_TEST_CASE(a_peer_that_ended_its_stream_is_tapped_until_the_time_asked_for_is_past_it) {
  PeerDirectory directory(0, 100);
  directory.StreamOpened("10.0.0.1", 100 * kSecond);
  directory.StreamEnded("10.0.0.1", true, 120 * kSecond);
  BOOST_TEST((directory.Lookup(kPeer, 119 * kSecond, 125 * kSecond) == PeerState::kTapped));
  BOOST_TEST((directory.Lookup(kPeer, 121 * kSecond, 125 * kSecond) == PeerState::kUnknown));
}

BOOST_AUTO_TEST_CASE(losses_count_from_the_time_asked_for) {
  PeerDirectory directory(0, 100);
  directory.StreamOpened("10.0.0.1", 100 * kSecond);
  directory.EntriesLost("10.0.0.1", 120 * kSecond);
  BOOST_TEST((directory.Lookup(kPeer, 120 * kSecond, 121 * kSecond) == PeerState::kLost));
  BOOST_TEST((directory.Lookup(kPeer, 121 * kSecond, 122 * kSecond) == PeerState::kTapped));
  directory.StreamEnded("10.0.0.1", false, 130 * kSecond);
  BOOST_TEST((directory.Lookup(kPeer, 125 * kSecond, 131 * kSecond) == PeerState::kLost));
}

BOOST_AUTO_TEST_CASE(a_pod_of_two_addresses_is_known_by_each) {
  PeerDirectory directory(0, 100);
  traffic::Node node = *fakes::MakeNode("10.0.0.1");
  node.addresses.push_back(*traffic::ParseSocketAddress("fd00::1", 0));
  const auto second = fakes::Address("[fd00::1]:15006");
  directory.StreamOpened(node, 100 * kSecond);
  BOOST_CHECK(directory.Lookup(second, 0, 101 * kSecond) == PeerState::kTapped);
  directory.EntriesLost(node, 110 * kSecond);
  BOOST_CHECK(directory.Lookup(second, 105 * kSecond, 111 * kSecond) == PeerState::kLost);
  BOOST_CHECK(directory.Lookup(kPeer, 105 * kSecond, 111 * kSecond) == PeerState::kLost);
  directory.StreamEnded(node, true, 120 * kSecond);
  BOOST_CHECK(directory.Lookup(second, 121 * kSecond, 122 * kSecond) == PeerState::kUnknown);
}

BOOST_AUTO_TEST_CASE(a_proxy_without_an_address_is_nobodys_peer) {
  PeerDirectory directory(0, 100);
  for (const char* ip : {"", "web-0", "10.0.0.1:80"}) directory.StreamOpened(ip, kSecond);
  BOOST_TEST((directory.Lookup(traffic::SocketAddress{}, 0, 2 * kSecond) == PeerState::kUnknown));
  directory.EntriesLost("", kSecond);
  directory.StreamEnded("", false, kSecond);
  BOOST_TEST((directory.Lookup(traffic::SocketAddress{}, 0, 2 * kSecond) == PeerState::kUnknown));
}

BOOST_AUTO_TEST_CASE(ports_do_not_matter_and_both_forms_of_an_ipv4_address_are_one) {
  PeerDirectory directory(0, 100);
  directory.StreamOpened("::ffff:10.0.0.1", kSecond);
  BOOST_TEST(
      (directory.Lookup(fakes::Address("10.0.0.1:9999"), 0, 2 * kSecond) == PeerState::kTapped));
}

BOOST_AUTO_TEST_CASE(the_longest_gone_is_forgotten_first_and_never_one_that_is_there) {
  PeerDirectory directory(0, 3);
  directory.StreamOpened("10.0.0.1", 1 * kSecond);
  for (const char* ip : {"10.0.0.2", "10.0.0.3"}) {
    directory.StreamOpened(ip, 2 * kSecond);
    directory.EntriesLost(ip, 2 * kSecond);
  }
  directory.StreamEnded("10.0.0.3", true, 3 * kSecond);
  directory.StreamEnded("10.0.0.2", true, 4 * kSecond);
  directory.StreamOpened("10.0.0.4", 5 * kSecond);
  const auto state = [&](const std::string& ip) {
    return directory.Lookup(fakes::Address(ip + ":1"), 0, 6 * kSecond);
  };
  BOOST_TEST((state("10.0.0.1") == PeerState::kTapped));
  BOOST_TEST((state("10.0.0.2") == PeerState::kLost));
  BOOST_TEST((state("10.0.0.3") == PeerState::kUnknown));
  BOOST_TEST((state("10.0.0.4") == PeerState::kTapped));
}

BOOST_AUTO_TEST_CASE(what_is_said_of_a_stranger_is_ignored) {
  PeerDirectory directory(0, 3);
  directory.StreamEnded("10.0.0.1", false, kSecond);
  directory.EntriesLost("10.0.0.1", kSecond);
  BOOST_TEST((directory.Lookup(kPeer, 0, 2 * kSecond) == PeerState::kUnknown));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
