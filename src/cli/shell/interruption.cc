// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/interruption.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/shell/exit_code.h"

namespace traffictap::cli {
namespace {

sigset_t EndingSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

// POLLERR comes unasked for: a pipe whose reader is gone.
bool IsClosed(short events) { return (events & (POLLERR | POLLNVAL)) != 0; }

}  // namespace

Interruption::Interruption() {
  ::signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = EndingSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signals_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  ended_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::jthread([this] { Watch(); });
}

Interruption::~Interruption() {
  const uint64_t one = 1;
  (void)!write(ended_, &one, sizeof one);
  thread_.join();
  close(signals_);
  close(ended_);
}

void Interruption::Watch() {
  bool output_open = true;
  for (;;) {
    pollfd watched[] = {{ended_, POLLIN, 0}, {signals_, POLLIN, 0}, {STDOUT_FILENO, 0, 0}};
    if (poll(watched, output_open ? 3 : 2, -1) < 0) continue;
    if (watched[0].revents != 0) return;
    if (output_open && IsClosed(watched[2].revents)) {
      output_open = false;
      stop_.request_stop();
    }
    signalfd_siginfo came{};
    if (read(signals_, &came, sizeof came) != sizeof came) continue;
    const int number = static_cast<int>(came.ssi_signo);
    if (signal_ != 0) _exit(kExitSignal + number);
    signal_ = number;
    stop_.request_stop();
  }
}

}  // namespace traffictap::cli
