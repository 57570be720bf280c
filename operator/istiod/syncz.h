// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "base/clock.h"
#include "base/status.h"

namespace traffictap::istiod {

// What one proxy has done with its listeners, where access loggers live.
struct ProxySync {
  bool acknowledged = false;  // it has taken the newest listeners that were sent
  base::Nanos sent = 0;       // when these were sent, Unix epoch; 0: istiod does not say
  std::string refusal;        // its own words when it refused them; empty: it did not
};

// By "POD.NAMESPACE", as Istio names proxies.
using ProxySyncs = std::map<std::string, ProxySync>;

// Adds the proxies of an answer of /debug/syncz (pilot/pkg/xds/debug.go of Istio). istiods before
// `resources` was added tell neither time nor refusal. kInvalidArgument: that is no such answer.
Status ReadSyncz(const std::string& json, ProxySyncs* proxies);

}  // namespace traffictap::istiod
