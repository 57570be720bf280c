// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

// What a tap says of whom its targets talk to, and what the operator knows of them. Values only.
namespace traffictap::tap {

// Who stands at the other end. All fields that are set must hold; at least one is set.
struct Peer {
  std::string workload;
  std::string ns;         // `namespace`
  std::string principal;  // SPIFFE id, exact
  std::string ip_block;   // CIDR
};

// Whose proxies are attached beside the targets', so that records have both sides: of those that the
// targets talk to, those of the tap's own namespace (of a ClusterTrafficTap: of one that has a target),
// those of the mesh, or none. A TrafficTap reaches another namespace by that one's consent alone.
enum class PeerAttach { kSameNamespace, kMesh, kNone };

struct PeerSelection {
  std::vector<Peer> include;  // empty: everyone
  std::vector<Peer> exclude;
  std::optional<PeerAttach> attach = {};  // absent: AttachOf
};

// A workload that the tap's targets talk to, as the operator knows it: no part of the document.
struct KnownPeer {
  std::string ns;
  std::string workload;
  bool attached = false;               // its proxies are asked to send, for this tap
  std::string network;                 // Istio's, that its addresses are in; empty: not known
  std::vector<std::string> addresses;  // of its pods
  friend bool operator==(const KnownPeer&, const KnownPeer&) = default;
};

}  // namespace traffictap::tap
