// SPDX-License-Identifier: Apache-2.0
#include "pipeline/known_peers.h"

#include <boost/test/unit_test.hpp>

#include "fakes/entry_builder.h"
#include "fmt/format.h"

namespace traffictap {
namespace {

using pipeline::KnownPeers;
using pipeline::PeerSightings;

constexpr base::Nanos kNow = 1'000 * base::kSecond;

std::string NameAt(const KnownPeers& peers, const std::string& at, std::string_view network = "") {
  const auto* peer = peers.At({fakes::Address(at), network});
  return peer == nullptr ? "" : peer->workload;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(known_peers)

BOOST_AUTO_TEST_CASE(a_peer_is_found_by_each_of_its_addresses_whatever_the_port) {
  const KnownPeers peers({{"shop", "cart", true, "", {"10.0.0.1", "fd00::1"}},
                          {"shop", "web", true, "", {"10.0.0.2", "not an address"}}});
  BOOST_TEST(NameAt(peers, "10.0.0.1:80") == "cart");
  BOOST_TEST(NameAt(peers, "[fd00::1]:9") == "cart");
  BOOST_TEST(NameAt(peers, "10.0.0.2:81") == "web");
  BOOST_TEST(NameAt(peers, "10.0.0.3:80") == "");
  BOOST_TEST(NameAt(peers, "") == "");
  BOOST_TEST(KnownPeers(std::vector<tap::KnownPeer>()).empty());
}

BOOST_AUTO_TEST_CASE(one_address_in_two_networks_is_two_peers) {
  const KnownPeers peers(
      {{"shop", "cart", true, "east", {"10.0.0.1"}}, {"shop", "web", true, "west", {"10.0.0.1"}}});
  BOOST_TEST(NameAt(peers, "10.0.0.1:80", "east") == "cart");
  BOOST_TEST(NameAt(peers, "10.0.0.1:80", "west") == "web");
  BOOST_TEST(NameAt(peers, "10.0.0.1:80", "north") == "");
  BOOST_TEST(NameAt(peers, "10.0.0.1:80") != "");
}

BOOST_AUTO_TEST_CASE(sightings_are_told_once_and_forgotten_after_half_a_minute) {
  PeerSightings sightings;
  const std::string network = "east";
  sightings.Add({fakes::Address("10.0.0.2:80"), network}, kNow);
  sightings.Add({fakes::Address("10.0.0.1:80")}, kNow + 20 * base::kSecond);
  sightings.Add({fakes::Address("10.0.0.1:81")}, kNow + 20 * base::kSecond);
  sightings.Add({fakes::Address("127.0.0.1:81")}, kNow);
  sightings.Add({fakes::Address("")}, kNow);
  BOOST_TEST(sightings.shared().empty());
  sightings.Share(kNow + 30 * base::kSecond);
  const auto both = sightings.shared();
  BOOST_REQUIRE(both.size() == 2u);
  BOOST_TEST(both[0].address == "10.0.0.1");
  BOOST_TEST(both[1].address == "10.0.0.2");
  BOOST_TEST(both[1].network == "east");
  sightings.Share(kNow + 31 * base::kSecond - 1);
  BOOST_TEST(sightings.shared().size() == 2u);
  sightings.Share(kNow + 31 * base::kSecond);
  BOOST_TEST(sightings.shared().size() == 1u);
  PeerSightings next;
  next.Inherit(sightings);
  BOOST_TEST(next.shared().size() == 1u);
  next.Share(kNow + 32 * base::kSecond);
  BOOST_TEST(next.shared().size() == 1u);
  next.Add({fakes::Address("10.0.0.1:82")}, kNow + 32 * base::kSecond);
  next.Add({fakes::Address("10.0.0.1:82"), network}, kNow + 32 * base::kSecond);
  PeerSightings last;
  last.Inherit(next);
  last.Share(kNow + 33 * base::kSecond);
  BOOST_TEST(last.shared().size() == 2u);
}

BOOST_AUTO_TEST_CASE(their_number_is_bounded_and_room_is_made_by_those_that_are_old) {
  PeerSightings sightings;
  for (int i = 0; i < 300; ++i) {
    sightings.Add({fakes::Address(fmt::format("10.1.{}.{}:80", i / 250, i % 250))}, kNow);
  }
  sightings.Share(kNow);
  BOOST_TEST(sightings.shared().size() == PeerSightings::kAddressesMax);
  const base::Nanos later = kNow + 40 * base::kSecond;
  sightings.Share(later);
  BOOST_TEST(sightings.shared().empty());
  sightings.Add({fakes::Address("10.2.0.1:80")}, later);
  sightings.Share(later + PeerSightings::kShareEvery);
  BOOST_TEST(sightings.shared().size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
