// SPDX-License-Identifier: Apache-2.0
#include "pairing/orphan_reason.h"

namespace traffictap::pairing {

using traffic::OrphanReason;

OrphanReason ReasonOf(const LoneHalf& half) {
  if (half.evicted) return OrphanReason::kLostInBuffer;
  if (half.late) return OrphanReason::kLateBeyondWindow;
  switch (half.peer) {
    case PeerState::kLost: return OrphanReason::kLostInBuffer;
    case PeerState::kWarmingUp: return OrphanReason::kDrainingConnection;
    case PeerState::kTapped: return OrphanReason::kNeverArrived;
    case PeerState::kUnknown: break;
  }
  return half.mesh == traffic::PeerMesh::kMeshed ? OrphanReason::kPeerNotTapped
                                                 : OrphanReason::kPeerNotMeshed;
}

bool BlamesThePeer(OrphanReason reason) {
  return reason == OrphanReason::kNeverArrived || reason == OrphanReason::kLostInBuffer ||
         reason == OrphanReason::kDrainingConnection;
}

OrphanReason ReasonFor(const TapView& view, OrphanReason reason) {
  if (view.sees_both) return OrphanReason::kNone;
  if (view.whole) {
    return view.targets_other.value_or(false) ? OrphanReason::kFilteredOnOtherSide
                                              : OrphanReason::kPeerNotTapped;
  }
  const bool not_asked = view.targets_other.has_value() && !*view.targets_other;
  return not_asked && BlamesThePeer(reason) ? OrphanReason::kPeerNotTapped : reason;
}

}  // namespace traffictap::pairing
