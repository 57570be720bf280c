// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "pairing/peer_states.h"

namespace traffictap {

// Peers of whom a test says what is known of them, by address.
struct KnownPeers final : pairing::PeerStates {
  pairing::PeerState Lookup(const pairing::PeerPlace& peer, base::Nanos,
                            base::Nanos) const override {
    const auto found = states.find(peer.address.IpString());
    return found == states.end() ? pairing::PeerState::kUnknown : found->second;
  }
  std::map<std::string, pairing::PeerState> states;
};

}  // namespace traffictap
