// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "pairing/peer_states.h"
#include "traffic/access_entry.h"
#include "traffic/traffic_pair.h"

namespace traffictap::pairing {

// Why a side is missing. Pure. Two steps: the pairer says why a half came alone, to no tap in
// particular; then each tap, which may see less than the pairer, gets the reason that is true for
// it. The first rule that holds.
//
// A half that came alone:
//   it was emitted early, to make room                               LostInBuffer
//   the other half had already been emitted                          LateBeyondWindow
//   the peer's stream broke or lost entries while the half waited    LostInBuffer
//   the peer's stream opened only lately                             DrainingConnection
//   the peer sends                                                   NeverArrived
//   the peer sends nothing, but took part in mTLS or named itself    PeerNotTapped
//   otherwise                                                        PeerNotMeshed
//
// For one tap:
//   it sees both sides                                               None
//   the pair is whole, and the tap targets the hidden proxy          FilteredOnOtherSide
//   the pair is whole, and the tap does not target it                PeerNotTapped
//   (a peer that is attached for the tap counts as a target here and below)
//   the reason blames the peer for not sending (NeverArrived,
//   LostInBuffer, DrainingConnection), and the tap does not
//   target the peer: it was never asked                              PeerNotTapped
//   otherwise                                                        the reason of the half

struct LoneHalf {
  bool evicted = false;
  bool late = false;
  PeerState peer = PeerState::kUnknown;
  traffic::PeerMesh mesh = traffic::PeerMesh::kUnknown;  // what the half says of its peer
};
traffic::OrphanReason ReasonOf(const LoneHalf& half);

// Whether the reason blames the peer for not sending.
bool BlamesThePeer(traffic::OrphanReason reason);

struct TapView {
  bool sees_both = false;
  bool whole = false;  // the pairer had both sides
  // Whether the tap targets the other side's proxy; empty where that proxy is not known. Read only
  // where the pair is whole or the reason blames the peer.
  std::optional<bool> targets_other;
};
// `reason`: that of the half, where it came alone.
traffic::OrphanReason ReasonFor(const TapView& view, traffic::OrphanReason reason);

}  // namespace traffictap::pairing
