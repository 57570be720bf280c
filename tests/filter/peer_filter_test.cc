// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "filter/pair_filter.h"
#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of what is filtered
using tap::Direction;
using tap::Peer;

// prometheus calls cart: both sides are there, or one that tells of the other.
struct Call {
  Call() : client(Reporter::kSource), server(Reporter::kDestination) {
    client.node = SampleNode("prometheus", "monitoring");
    client.Set(Text::kPeerWorkload, "cart").Set(Text::kPeerNamespace, "shop");
    client.facts().upstream_remote = *ParseSocketAddress("10.0.1.1", 8080);
    server.node = SampleNode("cart", "shop");
    server.Set(Text::kPeerWorkload, "prometheus").Set(Text::kPeerNamespace, "monitoring");
    server.Set(Text::kPeerPrincipal, "spiffe://m/ns/monitoring/sa/prometheus");
    server.Set(Text::kLocalPrincipal, "spiffe://m/ns/shop/sa/cart");
    server.facts().downstream_direct_remote = *ParseSocketAddress("10.0.2.1", 40'000);
  }

  SampleEntry client;
  SampleEntry server;
};

enum class Sides { kBoth, kClient, kServer };

bool Matches(Direction direction, const std::vector<Peer>& include,
             const std::vector<Peer>& exclude, Sides sides) {
  const Call call;
  tap::TapSpec spec;
  spec.direction = direction;
  spec.peers = {include, exclude};
  const auto filter = filter::PeerFilter::Create(spec);
  BOOST_TEST_REQUIRE(filter.ok(), Message(filter.status()));
  const SamplePair pair(sides == Sides::kServer ? nullptr : &call.client,
                        sides == Sides::kClient ? std::vector<const SampleEntry*>{}
                                                : std::vector<const SampleEntry*>{&call.server});
  return (*filter)->Matches(pair.pair);
}

bool Includes(const Peer& peer, Sides sides, Direction direction = Direction::kBoth) {
  const bool included = Matches(direction, {peer}, {}, sides);
  if (direction == Direction::kBoth && sides != Sides::kBoth) {
    // With one far end, leaving out is the opposite of taking in.
    BOOST_TEST(Matches(direction, {}, {peer}, sides) == !included);
  }
  return included;
}

const Peer kPrometheus{.workload = "prometheus"};
const Peer kCart{.workload = "cart"};

}  // namespace

BOOST_AUTO_TEST_SUITE(peer_filter)

BOOST_AUTO_TEST_CASE(without_peers_everyone_is_kept) {
  for (const auto sides : {Sides::kBoth, Sides::kClient, Sides::kServer}) {
    BOOST_TEST(Matches(Direction::kBoth, {}, {}, sides));
  }
}

BOOST_AUTO_TEST_CASE(the_far_end_of_a_half_is_the_other_one) {
  BOOST_TEST(Includes(kPrometheus, Sides::kServer));
  BOOST_TEST(!Includes(kCart, Sides::kServer));
  BOOST_TEST(Includes(kCart, Sides::kClient));
  BOOST_TEST(!Includes(kPrometheus, Sides::kClient));
}

BOOST_AUTO_TEST_CASE(of_a_pair_either_end_may_be_the_far_one) {
  BOOST_TEST(Includes(kPrometheus, Sides::kBoth));
  BOOST_TEST(Includes(kCart, Sides::kBoth));
  BOOST_TEST(!Includes({.workload = "other"}, Sides::kBoth));
}

BOOST_AUTO_TEST_CASE(direction_says_which_end_the_tap_looks_from) {
  BOOST_TEST(Includes(kPrometheus, Sides::kBoth, Direction::kInbound));
  BOOST_TEST(!Includes(kCart, Sides::kBoth, Direction::kInbound));
  BOOST_TEST(Includes(kCart, Sides::kBoth, Direction::kOutbound));
  BOOST_TEST(!Includes(kPrometheus, Sides::kBoth, Direction::kOutbound));
}

BOOST_AUTO_TEST_CASE(one_excluded_end_drops_the_record_though_the_other_is_not) {
  BOOST_TEST(!Matches(Direction::kBoth, {}, {kPrometheus}, Sides::kBoth));
  BOOST_TEST(!Matches(Direction::kBoth, {}, {kCart}, Sides::kBoth));
  BOOST_TEST(Matches(Direction::kOutbound, {}, {kPrometheus}, Sides::kBoth));
  BOOST_TEST(Matches(Direction::kBoth, {}, {{.workload = "other"}}, Sides::kBoth));
}

BOOST_AUTO_TEST_CASE(exclude_wins_over_include) {
  BOOST_TEST(!Matches(Direction::kInbound, {kPrometheus}, {{.ns = "monitoring"}}, Sides::kBoth));
}

BOOST_AUTO_TEST_CASE(matches_by_namespace) {
  BOOST_TEST(Includes({.ns = "monitoring"}, Sides::kServer));
  BOOST_TEST(!Includes({.ns = "shop"}, Sides::kServer));
  BOOST_TEST(Includes({.ns = "monitoring"}, Sides::kBoth, Direction::kInbound));
}

BOOST_AUTO_TEST_CASE(matches_by_principal) {
  BOOST_TEST(Includes({.principal = "spiffe://m/ns/monitoring/sa/prometheus"}, Sides::kServer));
  BOOST_TEST(!Includes({.principal = "spiffe://m/ns/monitoring/sa"}, Sides::kServer));
  // The client is told of the server's principal by the server's own entry.
  BOOST_TEST(
      Includes({.principal = "spiffe://m/ns/shop/sa/cart"}, Sides::kBoth, Direction::kOutbound));
}

BOOST_AUTO_TEST_CASE(matches_by_address) {
  BOOST_TEST(Includes({.ip_block = "10.0.2.0/24"}, Sides::kServer));
  BOOST_TEST(!Includes({.ip_block = "10.0.1.0/24"}, Sides::kServer));
  BOOST_TEST(Includes({.ip_block = "10.0.1.1/32"}, Sides::kClient));
  BOOST_TEST(!Includes({.ip_block = "10.0.1.0/32"}, Sides::kClient));
  BOOST_TEST(Includes({.ip_block = "0.0.0.0/0"}, Sides::kClient));
  BOOST_TEST(Includes({.ip_block = "10.0.0.0/15"}, Sides::kClient));
}

BOOST_AUTO_TEST_CASE(a_block_of_ipv6_holds_no_ipv4) {
  BOOST_TEST(!Includes({.ip_block = "::/0"}, Sides::kClient));
  BOOST_TEST(!Includes({.ip_block = "fd00::/8"}, Sides::kClient));
}

BOOST_AUTO_TEST_CASE(a_block_of_ipv6_holds_its_addresses) {
  SampleEntry client(Reporter::kSource);
  client.facts().upstream_remote = *ParseSocketAddress("fd12::1", 80);
  for (const auto& [block, holds] : {std::pair{"fd00::/8", true},
                                     {"fd12::/16", true},
                                     {"fd13::/16", false},
                                     {"fd12::1/128", true},
                                     {"fd12::2/128", false}}) {
    tap::TapSpec spec;
    spec.peers.include = {{.ip_block = block}};
    const auto filter = filter::PeerFilter::Create(spec);
    BOOST_REQUIRE(filter.ok());
    BOOST_TEST((*filter)->Matches(SamplePair(&client, {}).pair) == holds, block);
  }
}

BOOST_AUTO_TEST_CASE(an_absent_address_is_in_no_block) {
  const SampleEntry client(Reporter::kSource);
  tap::TapSpec spec;
  spec.peers.include = {{.ip_block = "::/0"}};
  const auto filter = filter::PeerFilter::Create(spec);
  BOOST_REQUIRE(filter.ok());
  BOOST_TEST(!(*filter)->Matches(SamplePair(&client, {}).pair));
}

BOOST_AUTO_TEST_CASE(
    who_opened_a_tunnel_is_in_its_block_unless_the_request_itself_says_where_it_is_from) {
  SampleEntry waypoint(Reporter::kDestination);
  waypoint.facts().downstream_remote = *ParseSocketAddress("10.0.2.1", 40'000);
  tap::TapSpec spec;
  spec.peers.include = {{.ip_block = "10.0.2.0/24"}};
  const auto filter = filter::PeerFilter::Create(spec);
  BOOST_REQUIRE(filter.ok());
  BOOST_TEST((*filter)->Matches(SamplePair(nullptr, {&waypoint}).pair));
  waypoint.Set(Text::kForwardedFor, "10.0.2.1");
  BOOST_TEST(!(*filter)->Matches(SamplePair(nullptr, {&waypoint}).pair));
}

BOOST_AUTO_TEST_CASE(every_field_of_a_peer_must_hold_and_one_peer_is_enough) {
  BOOST_TEST(Includes({.workload = "prometheus", .ns = "monitoring", .ip_block = "10.0.2.0/24"},
                      Sides::kServer));
  BOOST_TEST(!Includes({.workload = "prometheus", .ns = "shop"}, Sides::kServer));
  BOOST_TEST(!Includes({.workload = "prometheus", .ip_block = "10.9.0.0/16"}, Sides::kServer));
  BOOST_TEST(Matches(Direction::kBoth, {{.workload = "other"}, kPrometheus}, {}, Sides::kServer));
}

BOOST_AUTO_TEST_CASE(refuses_blocks_that_are_none) {
  for (const char* block : {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "fd00::/129",
                            "shop/8", "/8", "::ffff:10.0.0.0/104", "10.0.0.0/8x"}) {
    tap::TapSpec spec;
    spec.peers.include = {{.ip_block = block}};
    BOOST_TEST(absl::IsInvalidArgument(filter::PeerFilter::Create(spec).status()), block);
  }
}

BOOST_AUTO_TEST_CASE(an_end_that_is_attached_as_a_peer_is_not_one_that_the_tap_looks_from) {
  const Call call;
  const SamplePair pair(&call.client, std::vector<const SampleEntry*>{&call.server});
  tap::TapSpec spec;
  spec.ns = "shop";
  const auto own = filter::OwnEndsOf(spec, pair.pair);
  BOOST_TEST(!own.client);
  BOOST_TEST(own.server);
  BOOST_TEST(!filter::MatchesDirection(Direction::kOutbound, pair.pair, own));
  BOOST_TEST(filter::MatchesDirection(Direction::kInbound, pair.pair, own));
  for (const auto& [peer, included] : {std::pair(kPrometheus, true), std::pair(kCart, false)}) {
    spec.peers.include = {peer};
    const auto filter = filter::PeerFilter::Create(spec);
    BOOST_REQUIRE(filter.ok());
    BOOST_TEST((*filter)->Matches(pair.pair, own) == included);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
