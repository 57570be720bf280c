// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "traffic/node.h"
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

// Which proxies (by IP) send to us, and when they last lost something. Written by stream threads,
// read by the pairer. Thread-safe. Remembers at most `peers_max` addresses; the longest gone are
// forgotten first.
class PeerDirectory {
 public:
  PeerDirectory(base::Nanos warm_up, size_t peers_max) : warm_up_(warm_up), peers_max_(peers_max) {}

  void StreamOpened(const std::string& ip, base::Nanos now);
  void StreamEnded(const std::string& ip, bool clean, base::Nanos now);
  void EntriesLost(const std::string& ip, base::Nanos now);
  // The same under every address of the node's pod.
  void StreamOpened(const traffic::Node& node, base::Nanos now);
  void StreamEnded(const traffic::Node& node, bool clean, base::Nanos now);
  void EntriesLost(const traffic::Node& node, base::Nanos now);

  // `since`: losses and streams that ended before it no longer count.
  PeerState Lookup(const traffic::SocketAddress& address, base::Nanos since, base::Nanos now) const;

 private:
  struct Peer {
    uint32_t streams = 0;
    base::Nanos first_opened = 0;
    base::Nanos last_loss = INT64_MIN;
    base::Nanos last_seen = 0;
  };
  void ForgetOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const base::Nanos warm_up_;
  const size_t peers_max_;
  mutable absl::Mutex mutex_;
  std::map<std::array<uint8_t, 16>, Peer> peers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::pairing
