// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/status.h"

namespace traffictap::istiod {

// A push of an istiod. Made of what istiod knew at that time, and sent to each proxy when its turn
// comes; a proxy that connects is sent the last one that was made.
struct PushVersion {
  base::Nanos made = 0;  // whole seconds by istiod's clock, Unix epoch
  uint64_t number = 0;   // counts up from 1 in each life of an istiod
  friend bool operator==(const PushVersion&, const PushVersion&) = default;
};
// Whether the push was made after another one of the istiod at the same address, whose clock may be set
// and which may have started again.
bool IsAfter(const PushVersion& push, const PushVersion& other);

// By the address of an istiod.
using PushVersions = std::map<std::string, PushVersion>;
// Notes a push of the istiod at an address, unless one that was made later is there.
void NotePush(const std::string& istiod, const PushVersion& push, PushVersions* newest);

// What one proxy has done with its listeners, where access loggers live.
struct ProxySync {
  bool acknowledged = false;  // it has taken the newest listeners that were sent
  base::Nanos sent = 0;       // when these were sent, Unix epoch; 0: istiod does not say
  std::string refusal;        // its own words when it refused them; empty: it did not
  std::string istiod = {};    // the address of the one that it is connected to
  // The push that these listeners came with, and the newest that the proxy was sent anything of.
  // nullopt: istiod does not say.
  std::optional<PushVersion> push = {};
  std::optional<PushVersion> newest = {};
};

// By "POD.NAMESPACE", as Istio names proxies.
using ProxySyncs = std::map<std::string, ProxySync>;

// Adds the proxies of an answer of /debug/syncz of the istiod at an address (pilot/pkg/xds/debug.go of
// Istio). istiods before `resources` was added tell neither time nor refusal. kInvalidArgument: that is no
// such answer.
Status ReadSyncz(const std::string& json, const std::string& istiod, ProxySyncs* proxies);

// The last push that each istiod is known to have made.
PushVersions NewestPushes(const ProxySyncs& proxies);

}  // namespace traffictap::istiod
