// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace traffictap::cli {

// Asks the program to end when a person or the system does (SIGINT, SIGTERM, SIGHUP), or when
// nobody reads its output any more, which it would otherwise learn with its next record. A second
// signal ends the process at once, for whoever does not want to wait.
class Interruption {
 public:
  // Blocks the signals: make it in main before any other thread. Programs that are started inherit
  // the block; kube resets it for them.
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  // The signal that came; 0 where none did.
  int signal() const { return signal_; }

 private:
  void Watch();

  std::stop_source stop_;
  std::atomic<int> signal_{0};
  int signals_ = -1;  // a signalfd
  int ended_ = -1;    // an eventfd: the program ends by itself
  std::jthread thread_;
};

}  // namespace traffictap::cli
