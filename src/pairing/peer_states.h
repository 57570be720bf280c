// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "traffic/socket_address.h"

namespace traffictap::pairing {

// What is known of a peer whose half did not come.
enum class PeerState : uint8_t {
  kUnknown,    // no stream of it was open within the time asked for
  kTapped,     // a stream of it is open, or ended within that time
  kWarmingUp,  // its stream opened so lately that older connections may still be silent
               // (DrainingConnection)
  kLost,       // its stream broke, or entries of it were lost, within the time asked for
};

// Where a proxy can be met: one address may be that of two pods, in different networks.
struct PeerPlace {
  traffic::SocketAddress address;
  std::string_view network = {};  // of whoever speaks of the address; empty: not known

  PeerPlace(const traffic::SocketAddress& at,
            std::string_view in = {})  // NOLINT: an address is one
      : address(at), network(in) {}
};

// Who knows which proxies send to us, and when they last lost something.
class PeerStates {
 public:
  virtual ~PeerStates() = default;
  // `since`: losses and streams that ended before it no longer count.
  virtual PeerState Lookup(const PeerPlace& peer, base::Nanos since, base::Nanos now) const = 0;
};

}  // namespace traffictap::pairing
