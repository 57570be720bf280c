// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <thread>

#include "absl/synchronization/notification.h"

namespace traffictap::fakes {

// True as soon as `holds()` is; false where it never was within ten seconds. For what another
// thread does.
template <typename Holds>
bool Eventually(Holds holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// As Eventually, for what another thread announces.
inline bool Notified(const absl::Notification& what) {
  return what.WaitForNotificationWithTimeout(absl::Seconds(10));
}

}  // namespace traffictap::fakes
