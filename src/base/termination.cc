// SPDX-License-Identifier: Apache-2.0
#include "base/termination.h"

#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "base/log.h"

namespace traffictap::base {
namespace {

sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void BlockTermination() {
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

void WaitForTermination() {
  const sigset_t signals = Signals();
  int signal = 0;
  sigwait(&signals, &signal);
}

void EndProcess(int exit_code) {
  std::cout.flush();
  std::fflush(nullptr);
#ifdef __SANITIZE_ADDRESS__
  // The search for leaks runs there.
  std::exit(exit_code);
#else
  std::_Exit(exit_code);
#endif
}

void EndProcessAfter(Nanos patience) {
  std::thread([patience] {
    std::this_thread::sleep_for(std::chrono::nanoseconds(patience));
    log::For("main").critical("the stop hangs: ending without it");
    std::_Exit(3);
  }).detach();
}

}  // namespace traffictap::base
