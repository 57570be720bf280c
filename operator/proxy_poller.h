// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "operator/istiod/syncz_client.h"
#include "operator/oldest_istiod.h"
#include "operator/reconcilers/plan_board.h"

namespace traffictap::op {

// Asks istiod what the proxies have taken: every second while a tap waits for one, else every 15 s.
class ProxyPoller {
 public:
  // `addresses` are istiod's now; `asked` is called after each answer with Istio's version, empty
  // where it is not known. All outlive the poller.
  ProxyPoller(istiod::SynczOptions options, std::function<std::vector<std::string>()> addresses,
              std::function<void(const std::string&)> asked, reconcilers::PlanBoard* board,
              const base::Clock* clock);
  // Waits for a question that is under way.
  ~ProxyPoller() = default;

 private:
  void Run(const std::stop_token& stop);
  void Ask();

  const istiod::SynczOptions options_;
  const std::function<std::vector<std::string>()> addresses_;
  const std::function<void(const std::string&)> asked_;
  reconcilers::PlanBoard* const board_;
  const base::Clock* const clock_;
  OldestIstiod oldest_;
  std::string last_error_;  // told once
  std::jthread thread_;
};

}  // namespace traffictap::op
