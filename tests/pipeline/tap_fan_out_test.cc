// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tap_fan_out.h"

#include <filesystem>
#include <map>
#include <sstream>
#include <string>

#include "pipeline/pipeline_fixture.h"

namespace traffictap {

BOOST_FIXTURE_TEST_SUITE(tap_fan_out, PipelineTest)

BOOST_AUTO_TEST_CASE(a_tap_of_both_sides_sees_the_pair_and_taps_of_one_side_an_orphan) {
  InForce({Tap("both"), Of(Tap("c"), "client"), Of(Tap("s"), "server")});
  SendPair(1);
  BOOST_TEST(Records("both") == (Strings{"/1 Ok"}), boost::test_tools::per_element());
  BOOST_TEST(Records("c") == (Strings{"/1 PeerNotTapped/source"}),
             boost::test_tools::per_element());
  BOOST_TEST(Records("s") == (Strings{"/1 PeerNotTapped/destination"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_side_that_the_tap_targets_and_its_filter_refused_is_told_so) {
  auto spec = Tap("a");
  spec.match.paths = {{tap::PathMatchKind::kPrefix, "/1"}};
  InForce({spec, Tap("all")});
  Send(Client(1));
  Send(Server(1).Path("/rewritten"));
  BOOST_TEST(Records("a") == (Strings{"/1 FilteredOnOtherSide/source"}),
             boost::test_tools::per_element());
  BOOST_TEST(Records("all") == (Strings{"/1 Ok"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_verdict_of_a_view_is_that_of_what_is_seen) {
  InForce({Tap("both"), Of(Tap("s"), "server")});
  Send(Client(1).Code(0).Flag(traffic::ResponseFlag::kDownstreamConnectionTermination));
  Send(Server(1));
  Settle();
  BOOST_TEST(
      Snapshot("both").counters.verdicts[static_cast<size_t>(traffic::Verdict::kClientAborted)] ==
      1u);
  BOOST_TEST(Snapshot("s").counters.verdicts[static_cast<size_t>(traffic::Verdict::kOk)] == 1u);
}

BOOST_AUTO_TEST_CASE(one_attempt_of_many_is_enough_for_a_pair) {
  InForce({Tap("both"), Of(Of(Tap("some"), "client"), "server")});
  Stream("10.0.0.3", "other")
      .Consume(Server(1).Connection("10.0.0.1:999", "10.0.0.3:80").Code(503).entry());
  Stream("10.0.0.3", "other").EndOfMessage();
  Send(Server(1));
  Send(Client(1).Attempts(2));
  BOOST_TEST(Records("both") == (Strings{"/1 Retried"}), boost::test_tools::per_element());
  BOOST_TEST(Records("some") == (Strings{"/1 Retried"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_missing_peer_that_sends_but_is_not_of_the_tap_was_not_tapped) {
  InForce({Tap("both"), Of(Tap("c"), "client")});
  Stream("10.0.0.2", "server");
  Send(Client(1));
  WaitOut();
  BOOST_TEST(Records("both") == (Strings{"/1 NeverArrived/source"}),
             boost::test_tools::per_element());
  BOOST_TEST(Records("c") == (Strings{"/1 PeerNotTapped/source"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_peer_that_never_sent_is_told_by_what_the_half_says_of_it) {
  InForce({Tap("a")});
  auto meshed = Client(1);
  meshed.facts().peer_mesh = traffic::PeerMesh::kMeshed;
  Send(meshed);
  Send(Client(2));
  WaitOut();
  BOOST_TEST(Records("a") == (Strings{"/1 PeerNotTapped/source", "/2 PeerNotMeshed/source"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_half_whose_peer_lost_something_says_so) {
  InForce({Tap("a")});
  Send(Client(1));
  Stream("10.0.0.2", "server").Reject(traffic::RejectReason::kMalformedEntry, 1);
  Stream("10.0.0.2", "server").EndOfMessage();
  WaitOut();
  BOOST_TEST(Records("a") == (Strings{"/1 LostInBuffer/source"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(direction_keeps_what_a_target_serves_or_calls) {
  auto inbound = Of(Tap("in"), "server");
  inbound.direction = tap::Direction::kInbound;
  auto outbound = Of(Tap("out"), "server");
  outbound.direction = tap::Direction::kOutbound;
  InForce({inbound, outbound});
  SendPair(1);
  BOOST_TEST(Records("in").size() == 1u);
  BOOST_TEST(Records("out").empty());
}

BOOST_AUTO_TEST_CASE(an_attached_peer_completes_a_targets_record_and_shows_nothing_of_its_own) {
  auto spec = Of(Tap("c"), "client");
  spec.known_peers = {{"shop", "server", true, "", {"10.0.0.2"}}};
  InForce({spec});
  SendPair(1);
  // Somebody else calls the peer.
  Send(Server(2).Connection("10.0.0.9:999", "10.0.0.2:80"));
  WaitOut();
  BOOST_TEST(Snapshot("c").counters.records == 1u);
  BOOST_TEST(Snapshot("c").ingress.proxies == 1u);
  BOOST_TEST(Records("c") == (Strings{"/1 Ok"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_a_peer_sent_before_it_was_let_go_is_not_taken_for_a_targets) {
  auto spec = Of(Tap("c"), "client");
  spec.known_peers = {{"shop", "server", true, "", {"10.0.0.2"}}};
  InForce({spec});
  Send(Server(2).Connection("10.0.0.9:999", "10.0.0.2:80"));
  Settle();
  spec.known_peers.clear();
  spec.content_hash = ++versions;
  InForce({spec});
  WaitOut();
  Send(Client(1));
  WaitOut();
  BOOST_TEST(Records("c") == (Strings{"/1 PeerNotTapped/source"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_attached_peer_that_sends_nothing_is_to_blame_as_a_target_is) {
  auto spec = Of(Tap("c"), "client");
  spec.known_peers = {{"shop", "server", true, "", {"10.0.0.2"}}};
  InForce({spec});
  Stream("10.0.0.2", "server");
  Send(Client(1));
  WaitOut();
  BOOST_TEST(Records("c") == (Strings{"/1 NeverArrived/source"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(direction_goes_by_the_targets_not_by_the_peers) {
  for (const auto direction : {tap::Direction::kInbound, tap::Direction::kOutbound}) {
    Start({});
    auto spec = Of(Tap("c"), "client");
    spec.direction = direction;
    spec.known_peers = {{"shop", "server", true, "", {"10.0.0.2"}}};
    InForce({spec});
    SendPair(1);
    BOOST_TEST(Records("c").empty() == (direction == tap::Direction::kInbound));
    std::filesystem::remove(dir.path() / "c.jsonl");
  }
}

BOOST_AUTO_TEST_CASE(the_other_end_of_an_orphan_has_the_name_that_is_known_for_its_address) {
  auto spec = Of(Tap("c"), "client");
  spec.known_peers = {{"shop", "server-v2", false, "", {"10.0.0.2", "no address"}}};
  spec.peers.include = {tap::Peer{.workload = "server-v2"}};
  InForce({spec, Of(Tap("all"), "client")});
  Send(Client(1).Set(traffic::Text::kPeerWorkload, "server"));
  WaitOut();
  BOOST_TEST(Records("c") == (Strings{"/1 PeerNotMeshed/source"}),
             boost::test_tools::per_element());
  const auto name = [this](const std::string& tap) {
    const auto record = nlohmann::json::parse(dir.Read(tap + ".jsonl"));
    return record["destination"]["name"].get<std::string>();
  };
  BOOST_TEST(name("c") == "server-v2");
  BOOST_TEST(name("all") == "server");
}

BOOST_AUTO_TEST_CASE(the_other_end_of_an_orphan_without_a_name_has_that_of_the_proxy_there) {
  InForce({Tap("all")});
  Stream("10.0.0.2", "server");
  Send(Client(1).Set(traffic::Text::kPeerWorkload, ""));
  Send(Client(2).Set(traffic::Text::kPeerWorkload, "behind-a-gateway"));
  // Nor is the proxy there, a gateway's, who has proved another identity.
  const auto gateway =
      std::make_shared<traffic::Node>(*fakes::MakeNode("10.0.0.7", "gateway", "istio-system"));
  gateway->service_account = "gateway";
  const auto stream = pipeline->consumer()->OpenStream(gateway);
  for (const int number : {4, 5}) {
    Send(Client(number)
             .Connection("10.0.0.1:999", "10.0.0.7:15443")
             .Set(traffic::Text::kPeerWorkload, "")
             .Set(traffic::Text::kPeerPrincipal,
                  number == 4 ? "spiffe://cluster.local/ns/shop/sa/server"
                              : "spiffe://cluster.local/ns/istio-system/sa/gateway"));
  }
  // Nobody sends from there.
  Send(Client(3).Connection("10.0.0.1:999", "10.0.0.9:80").Set(traffic::Text::kPeerWorkload, ""));
  WaitOut();
  BOOST_TEST(Records("all").size() == 5u);
  std::map<std::string, std::string> names;
  std::istringstream lines(dir.Read("all.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line);
    const auto& end = record["destination"];
    names[record["request"]["path"]] =
        end.value("namespace", "") + "/" + end["name"].get<std::string>();
  }
  BOOST_TEST(names["/1"] == "shop/server");
  BOOST_TEST(names["/2"].ends_with("/behind-a-gateway"));
  BOOST_TEST(names["/3"] == "/10.0.0.9");
  BOOST_TEST(names["/4"] == "/10.0.0.7");
  BOOST_TEST(names["/5"] == "istio-system/gateway");
}

BOOST_AUTO_TEST_CASE(who_opened_a_tunnel_has_the_name_that_is_known_for_its_address) {
  auto spec = Of(Tap("s"), "server");
  spec.known_peers = {{"shop", "caller", false, "", {"10.0.0.9"}}};
  InForce({spec});
  // As a waypoint tells of what it refused.
  auto refused = Server(1).Code(403);
  refused.facts().downstream_direct_remote = {};
  refused.facts().downstream_remote = fakes::Address("10.0.0.9:999");
  Send(refused);
  WaitOut();
  BOOST_TEST(Records("s").size() == 1u);
  const auto record = nlohmann::json::parse(dir.Read("s.jsonl"));
  BOOST_TEST(record["source"]["name"].get<std::string>() == "caller");
}

BOOST_AUTO_TEST_CASE(whom_the_targets_talk_to_is_told_whatever_the_peers_filter_keeps) {
  auto calls = Of(Tap("c"), "client");
  calls.peers.include = {tap::Peer{.workload = "nobody"}};
  auto serves = Of(Tap("s"), "server");
  auto inbound = Of(Tap("in"), "client");
  inbound.direction = tap::Direction::kInbound;
  auto file = Of(Tap("file"), "client");
  file.of_file = true;
  InForce({calls, serves, inbound, file, Tap("both")});
  SendPair(1);
  Settle();
  clock.Advance(2 * base::kSecond);
  const auto met = [this](const std::string& name) {
    std::string out;
    for (const auto& peer : Snapshot(name).peers_met) out += peer.address;
    return out;
  };
  BOOST_REQUIRE(fakes::Eventually([&] { return !met("s").empty(); }));
  BOOST_TEST(met("s") == "10.0.0.1");
  BOOST_REQUIRE(fakes::Eventually([&] { return !met("c").empty(); }));
  BOOST_TEST(met("c") == "10.0.0.2");
  for (const char* none : {"in", "file", "both"}) BOOST_TEST(met(none).empty(), none);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
