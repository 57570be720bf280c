// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tap_fan_out.h"

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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
