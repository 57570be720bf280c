// SPDX-License-Identifier: Apache-2.0
#include "pairing/orphan_reason.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace traffictap {

using pairing::LoneHalf;
using pairing::PeerState;
using pairing::TapView;
using traffic::OrphanReason;
using traffic::PeerMesh;

struct LoneCase {
  std::string why;
  LoneHalf half;
  OrphanReason reason;
};
std::ostream& operator<<(std::ostream& out, const LoneCase& lone) { return out << lone.why; }

const LoneCase kLone[] = {
    {"room was needed, whatever else is so",
     {true, true, PeerState::kTapped, PeerMesh::kMeshed},
     OrphanReason::kLostInBuffer},
    {"the other half was emitted, whatever is known of its sender",
     {false, true, PeerState::kLost, PeerMesh::kMeshed},
     OrphanReason::kLateBeyondWindow},
    {"the sender lost something",
     {false, false, PeerState::kLost, PeerMesh::kNotMeshed},
     OrphanReason::kLostInBuffer},
    {"the sender has only just begun",
     {false, false, PeerState::kWarmingUp, PeerMesh::kMeshed},
     OrphanReason::kDrainingConnection},
    {"the sender says nothing of it",
     {false, false, PeerState::kTapped, PeerMesh::kUnknown},
     OrphanReason::kNeverArrived},
    {"nobody sends, but somebody is there",
     {false, false, PeerState::kUnknown, PeerMesh::kMeshed},
     OrphanReason::kPeerNotTapped},
    {"nobody sends, and none is in the mesh",
     {false, false, PeerState::kUnknown, PeerMesh::kNotMeshed},
     OrphanReason::kPeerNotMeshed},
    {"nobody sends, and nothing is known",
     {false, false, PeerState::kUnknown, PeerMesh::kUnknown},
     OrphanReason::kPeerNotMeshed},
};

struct ViewCase {
  std::string why;
  TapView view;
  OrphanReason half;
  OrphanReason reason;
};
std::ostream& operator<<(std::ostream& out, const ViewCase& view) { return out << view.why; }

const ViewCase kViews[] = {
    {"a tap that sees both sides misses none",
     {true, true, std::nullopt},
     OrphanReason::kNeverArrived,
     OrphanReason::kNone},
    {"a hidden side of a target was filtered",
     {false, true, true},
     OrphanReason::kNone,
     OrphanReason::kFilteredOnOtherSide},
    {"a hidden side of somebody else is not tapped",
     {false, true, false},
     OrphanReason::kNone,
     OrphanReason::kPeerNotTapped},
    {"a target that sends is to blame",
     {false, false, true},
     OrphanReason::kNeverArrived,
     OrphanReason::kNeverArrived},
    {"a proxy that the tap does not ask is not to blame",
     {false, false, false},
     OrphanReason::kNeverArrived,
     OrphanReason::kPeerNotTapped},
    {"nor for what it lost",
     {false, false, false},
     OrphanReason::kLostInBuffer,
     OrphanReason::kPeerNotTapped},
    {"nor for its warm-up",
     {false, false, false},
     OrphanReason::kDrainingConnection,
     OrphanReason::kPeerNotTapped},
    {"a late half came, whoever sent it",
     {false, false, false},
     OrphanReason::kLateBeyondWindow,
     OrphanReason::kLateBeyondWindow},
    {"of an unknown proxy the half's own reason stands",
     {false, false, std::nullopt},
     OrphanReason::kLostInBuffer,
     OrphanReason::kLostInBuffer},
};

BOOST_AUTO_TEST_SUITE(orphan_reason)

BOOST_DATA_TEST_CASE(a_half_that_came_alone_says_why, kLone, lone) {
  BOOST_TEST(ToString(ReasonOf(lone.half)) == ToString(lone.reason));
}

BOOST_DATA_TEST_CASE(each_tap_gets_the_reason_that_is_true_for_it, kViews, view) {
  BOOST_TEST(ToString(ReasonFor(view.view, view.half)) == ToString(view.reason));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
