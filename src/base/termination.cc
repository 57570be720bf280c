// SPDX-License-Identifier: Apache-2.0
#include "base/termination.h"

#include <pthread.h>
#include <signal.h>

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

}  // namespace traffictap::base
