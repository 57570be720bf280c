// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "pairing/peer_states.h"
#include "traffic/node.h"

namespace traffictap::pairing {

// What one receiver of access logs knows of one proxy. Times are those of that receiver's clock.
struct RemoteProxy {
  static constexpr base::Nanos kNever = INT64_MIN;

  traffic::NodePtr node;           // never null
  uint32_t streams = 0;            // that are open
  base::Nanos first_opened = 0;    // since when one is open, or was
  base::Nanos last_loss = kNever;  // a stream broke, or entries were lost
  base::Nanos last_seen = 0;       // a stream opened or ended
  friend bool operator==(const RemoteProxy&, const RemoteProxy&) = default;
};

// The proxies of receivers in other processes, as these tell. Lookup asks by the clock of the log that
// halves come through: what a receiver says of a time means something once a half of it, or a block
// without any, was heard.
class RemoteProxies : public PeerStates {
 public:
  // Takes the place of what `receiver` said of the proxy before, which named itself as `former` then
  // (null: it was not known). False: there is no room for it.
  virtual bool Set(const std::string& receiver, const RemoteProxy& proxy,
                   const traffic::Node* former) = 0;
  // `receiver` has nothing more to say of it. Where streams are open they have ended, and nobody knows
  // whether cleanly. `node` is the very one of the last Set of this proxy: what another Set said since stays.
  virtual void Gone(const std::string& receiver, const traffic::Node& node) = 0;
  // `receiver` was there at `theirs` by its clock, which was `ours` by the log's. `bye`: for the last time.
  virtual void Heard(const std::string& receiver, base::Nanos theirs, base::Nanos ours,
                     bool bye) = 0;
  // Forgets those of receivers that have been silent for long. To be called once a minute or so. Returns
  // the receivers' names.
  virtual std::vector<std::string> ForgetSilent() = 0;

  // Whether all that receivers say is here: then who is not known sends to none of them.
  virtual void SetComplete(bool complete) = 0;
  virtual bool complete() const = 0;
};

}  // namespace traffictap::pairing
