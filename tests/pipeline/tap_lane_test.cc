// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tap_lane.h"

#include "pipeline/lane_fixture.h"

namespace traffictap {

using base::kSecond;

namespace {

constexpr size_t kRecords = 400;

pairing::PeerPlace Place(const std::string& address) { return {fakes::Address(address), ""}; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tap_lane, LaneTest)

BOOST_AUTO_TEST_CASE(what_a_lane_gathers_goes_out_when_that_lane_delivers) {
  const auto tap = Make(Spec());
  Consume(tap->lane(0), 1);
  Consume(tap->lane(1), 2);
  tap->lane(1).Deliver();
  BOOST_TEST(Offered(*tap) == 1u);
  BOOST_TEST(tap->counters().offered == 1u);
  tap->lane(0).Deliver();
  BOOST_TEST(Offered(*tap) == 2u);
  BOOST_TEST(live.records == 2u);
  BOOST_TEST(tap->counters().offered == 2u);
}

BOOST_AUTO_TEST_CASE(lanes_at_work_at_once_lose_no_record_and_no_count) {
  auto spec = Spec();
  spec.outputs[0].match.response_codes = {{500, 599}};
  const auto tap = Make(spec);
  AllAtOnce(*tap, kRecords);
  const auto counters = tap->counters();
  BOOST_TEST(counters.records == kLanes * kRecords);
  BOOST_TEST(counters.offered == kLanes * kRecords);
  BOOST_TEST(counters.verdicts[static_cast<size_t>(traffic::Verdict::kServerError)] ==
             kLanes * kRecords / 2);
  BOOST_TEST(counters.requests[static_cast<size_t>(traffic::Verdict::kOk)] ==
             kLanes * kRecords / 2);
  BOOST_TEST(live.records == kLanes * kRecords);
  BOOST_TEST(Offered(*tap) == kLanes * kRecords / 2);
}

BOOST_AUTO_TEST_CASE(all_lanes_together_offer_max_records_and_none_more_over_an_edit_too) {
  auto spec = Spec();
  spec.limits.max_records = 999;
  const auto tap = Make(spec);
  AllAtOnce(*tap, kRecords);
  BOOST_TEST(tap->completed());
  BOOST_TEST(tap->counters().offered == 999u);
  BOOST_TEST(tap->counters().limited == kLanes * kRecords - 999);
  BOOST_TEST(Offered(*tap) == 999u);
  spec.limits.max_records = 1200;
  const auto edited = Make(spec, tap.get());
  edited->Inherit(tap.get());
  tap->Leave(0, edited.get());
  AllAtOnce(*edited, kRecords);
  BOOST_TEST(edited->counters().offered == 1200u);
  BOOST_TEST(Offered(*edited) == 1200u);
}

BOOST_AUTO_TEST_CASE(
    all_lanes_together_keep_to_the_records_of_a_second_and_tell_what_was_left_out) {
  auto spec = Spec();
  spec.limits.max_records_per_second = 100;
  const auto tap = Make(spec);
  for (int second = 1; second <= 3; ++second) {
    AllAtOnce(*tap, kRecords);
    BOOST_TEST(tap->counters().offered == 100u * second);
    clock.Advance(kSecond);
  }
  BOOST_REQUIRE(tap->limited_edges().edges().size() == 1u);
  BOOST_TEST(tap->limited_edges().edges()[0].records == 3 * (kLanes * kRecords - 100));
}

BOOST_AUTO_TEST_CASE(lanes_at_work_at_once_share_one_recorder_and_its_dump) {
  auto spec = Spec();
  spec.recorder.emplace();
  tap::RecorderTrigger errors;
  errors.name = "errors";
  errors.ratio = 0.5;
  errors.min_requests = kLanes * kRecords;  // so that only all lanes together fire it
  spec.recorder->triggers = {errors};
  const auto tap = Make(spec);
  AllAtOnce(*tap, kRecords);
  for (size_t i = 0; i < kLanes; ++i) tap->lane(i).Deliver();
  const auto counters = tap->counters();
  BOOST_TEST(counters.recorded == kLanes * kRecords);
  BOOST_TEST(counters.dumps == 1u);
  BOOST_TEST(counters.dumped == kLanes * kRecords);
  BOOST_TEST(Offered(*tap) == kLanes * kRecords);
}

BOOST_AUTO_TEST_CASE(a_recorder_goes_on_over_an_edit_with_what_all_lanes_gave_it) {
  auto spec = Spec();
  spec.recorder.emplace();
  const auto tap = Make(spec);
  for (size_t i = 0; i < kLanes; ++i) Consume(tap->lane(i), i);
  spec.sampling.ratio = 0.5;
  const auto edited = Make(spec, tap.get());
  edited->Inherit(tap.get());
  tap->Leave(0, edited.get());
  BOOST_REQUIRE(edited->recorder_state());
  BOOST_TEST(!tap->recorder_state());
  BOOST_REQUIRE(edited->RequestDump({}).ok());
  for (size_t i = 0; i < kLanes; ++i) edited->lane(i).Deliver();
  BOOST_TEST(edited->counters().recorded == kLanes);
  BOOST_TEST(edited->counters().dumped == kLanes);
}

BOOST_AUTO_TEST_CASE(a_tap_tells_of_the_peers_that_any_lane_met_each_once) {
  const auto tap = Make(Spec());
  tap->lane(0).MeetPeer(Place("10.0.0.9:80"));
  tap->lane(1).MeetPeer(Place("10.0.0.9:81"));
  tap->lane(1).MeetPeer(Place("10.0.0.8:80"));
  for (size_t i = 0; i < kLanes; ++i) tap->lane(i).Deliver();
  const auto addresses = [](const pipeline::TapRuntime& one) {
    std::vector<std::string> out;
    for (const auto& peer : one.peers_met()) out.push_back(peer.address);
    return out;
  };
  const std::vector<std::string> both = {"10.0.0.8", "10.0.0.9"};
  BOOST_TEST(addresses(*tap) == both, boost::test_tools::per_element());
  const auto edited = Make(Spec(), tap.get());
  edited->Inherit(tap.get());
  tap->Leave(0, edited.get());
  for (size_t i = 0; i < kLanes; ++i) edited->lane(i).Deliver();
  BOOST_TEST(addresses(*edited) == both, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
