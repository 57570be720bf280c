// SPDX-License-Identifier: Apache-2.0
#include "cli/records/route_threads.h"

#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"

namespace traffictap::cli {

struct RouteThreads::State {
  absl::Mutex mutex;
  int running ABSL_GUARDED_BY(mutex) = 0;
  bool closed ABSL_GUARDED_BY(mutex) = false;
  std::stop_source stop;

  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return running == 0; }
};

RouteThreads::RouteThreads() : state_(std::make_shared<State>()) {}

bool RouteThreads::Run(std::function<void(std::stop_token)> work) {
  {
    absl::MutexLock lock(&state_->mutex);
    if (state_->closed) return false;
    ++state_->running;
  }
  std::thread([state = state_, work = std::move(work)]() mutable {
    work(state->stop.get_token());
    work = nullptr;  // what it holds goes before it counts as ended
    absl::MutexLock lock(&state->mutex);
    --state->running;
  }).detach();
  return true;
}

void RouteThreads::Close() {
  {
    absl::MutexLock lock(&state_->mutex);
    state_->closed = true;
  }
  state_->stop.request_stop();
  absl::MutexLock lock(&state_->mutex);
  state_->mutex.Await(absl::Condition(state_.get(), &State::Idle));
}

}  // namespace traffictap::cli
