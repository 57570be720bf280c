// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

namespace traffictap::cli {

// Threads of routes whose answers wait for an API server: one for each call, since a browser makes
// few of them. Thread-safe.
class RouteThreads {
 public:
  RouteThreads();
  ~RouteThreads() { Close(); }
  RouteThreads(const RouteThreads&) = delete;
  RouteThreads& operator=(const RouteThreads&) = delete;

  // False after Close: `work` is not called. It gets a token that Close sets, must not throw, and
  // must not call Close.
  bool Run(std::function<void(std::stop_token)> work);
  // Asks all to end, and waits for them.
  void Close();

 private:
  struct State;
  // Shared: a thread may still be leaving when the last one was counted.
  const std::shared_ptr<State> state_;
};

}  // namespace traffictap::cli
