// SPDX-License-Identifier: Apache-2.0
#include "tap/targets.h"

#include "filter/entry_filter.h"

namespace traffictap::filter {

bool TargetsNode(const tap::TapSpec& spec, const traffic::Node& node) {
  const bool gateway = node.proxy_type == "router" || node.proxy_type == "waypoint";
  return tap::TargetsProxy(spec, {node.ns, node.pod, node.workload, gateway, &node.labels});
}

}  // namespace traffictap::filter
