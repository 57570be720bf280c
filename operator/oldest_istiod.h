// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace traffictap::op {

// The oldest release among the istiods, which every patch has to suit. Not thread-safe.
class OldestIstiod {
 public:
  // `fetch` asks the istiod at an address for its version; it may block.
  using Fetch = std::function<StatusOr<std::string>(const std::string& address)>;
  // The clock outlives it.
  OldestIstiod(Fetch fetch, const base::Clock* clock);

  // "1.29.2", or empty where it was never known. Asks again after some seconds, and at once where the
  // addresses are others or one of them did not answer; then the last full answer stands.
  const std::string& Version(const std::vector<std::string>& addresses);

 private:
  bool IsFresh(const std::vector<std::string>& addresses) const;

  const Fetch fetch_;
  const base::Clock* const clock_;
  std::vector<std::string> answered_;  // the addresses of the last full answer
  base::Nanos asked_ = 0;              // and when it was asked for, monotonic
  std::string version_;
};

}  // namespace traffictap::op
