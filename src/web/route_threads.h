// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "base/status.h"

namespace traffictap::web {

// Threads of routes whose answers wait for another server: one for each call, since streams last, and
// no more than so many at once. Thread-safe.
class RouteThreads {
 public:
  explicit RouteThreads(int threads_max = 32);
  ~RouteThreads() { Close(); }
  RouteThreads(const RouteThreads&) = delete;
  RouteThreads& operator=(const RouteThreads&) = delete;

  // Calls `work` on a thread. It gets a token that Close sets, must not throw, and must not call
  // Close. kUnavailable, for an answer: it is not called, after Close, where `threads_max` run, or
  // where the system starts no thread.
  Status Run(std::function<void(std::stop_token)> work);
  // Asks all to end, and waits for them.
  void Close();

 private:
  struct State;
  // Shared: a thread may still be leaving when the last one was counted.
  const std::shared_ptr<State> state_;
};

}  // namespace traffictap::web
