// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "operator/plan/attach.h"
#include "operator/plan/mesh_index.h"
#include "operator/plan/mesh_plan.h"
#include "operator/plan/selection.h"

namespace traffictap::plan {

// On a Namespace, by its administrator: "true" lets TrafficTaps of other namespaces attach its workloads
// as peers, if they ask for peers of the mesh.
inline constexpr const char* kAllowPeersLabel = "traffictap.io/allow-peers";
// How many workloads are attached for one tap as peers.
inline constexpr size_t kPeersMax = 20;
// How many addresses a collector is told for one tap.
inline constexpr size_t kPeerAddressesMax = 512;

// Whom a tap's targets talk to, and which of them are to be attached.
struct PeerChoice {
  struct Peer {
    const Workload* workload;
    std::string reason;  // why not; empty: it is to be attached
    std::string message;
  };
  std::vector<Peer> peers;  // those to be attached first, then by namespace, kind and name
  Selection attached;       // of whole workloads
};

// Of the tap's peers those that are there, and no targets altogether. `selection` is of the tap's targets;
// its spec is not null. A TrafficTap reaches its own namespace, and others with their consent.
PeerChoice ChoosePeers(const TapObject& tap, const Selection& selection, const MeshIndex& index);

// Whether a tap of these targets can ever attach a peer.
bool MayFindPeers(const tap::TapSpec& spec, const Selection& selection);

// What became of them: `outcomes` are the plan's. None where the tap attaches no peers.
std::vector<PeerOutcome> PeerOutcomesOf(const PeerChoice& choice,
                                        const std::map<const Workload*, Outcome>& outcomes);

// What the collector is told.
std::vector<tap::KnownPeer> KnownPeersOf(const PeerChoice& choice);

}  // namespace traffictap::plan
