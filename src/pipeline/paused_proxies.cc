// SPDX-License-Identifier: Apache-2.0
#include "pipeline/paused_proxies.h"

namespace traffictap::pipeline {

bool PausedProxies::Add(const PausedProxyPtr& proxy, const std::function<bool()>& still) {
  absl::MutexLock lock(&mutex_);
  if (!still()) return false;
  proxies_.insert(proxy);
  return true;
}

void PausedProxies::Remove(const PausedProxyPtr& proxy) {
  absl::MutexLock lock(&mutex_);
  proxies_.erase(proxy);
}

std::vector<PausedProxyPtr> PausedProxies::Take(
    const std::function<bool(const traffic::Node&)>& wanted, base::Nanos now) {
  std::vector<PausedProxyPtr> out;
  absl::MutexLock lock(&mutex_);
  std::erase_if(proxies_, [&](const PausedProxyPtr& proxy) {
    if (!wanted(*proxy->node)) return false;
    proxy->resumed = now;
    out.push_back(proxy);
    return true;
  });
  return out;
}

}  // namespace traffictap::pipeline
