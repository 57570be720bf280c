// SPDX-License-Identifier: Apache-2.0
#include "web/route_threads.h"

#include <system_error>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"

namespace traffictap::web {

struct RouteThreads::State {
  explicit State(int most) : threads_max(most) {}

  const int threads_max;
  absl::Mutex mutex;
  int running ABSL_GUARDED_BY(mutex) = 0;
  bool closed ABSL_GUARDED_BY(mutex) = false;
  std::stop_source stop;

  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return running == 0; }
  Status Enter() {
    absl::MutexLock lock(&mutex);
    if (closed) return absl::UnavailableError("this program is ending");
    if (running >= threads_max) {
      return absl::UnavailableError("too many requests wait for others: try again later");
    }
    ++running;
    return absl::OkStatus();
  }
  void Leave() {
    absl::MutexLock lock(&mutex);
    --running;
  }
};

RouteThreads::RouteThreads(int threads_max) : state_(std::make_shared<State>(threads_max)) {}

Status RouteThreads::Run(std::function<void(std::stop_token)> work) {
  TT_RETURN_IF_ERROR(state_->Enter());
  try {
    std::thread([state = state_, work = std::move(work)]() mutable {
      work(state->stop.get_token());
      work = nullptr;  // what it holds goes before it counts as ended
      state->Leave();
    }).detach();
  } catch (const std::system_error&) {
    state_->Leave();
    return absl::UnavailableError("no thread can be started: try again later");
  }
  return absl::OkStatus();
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

}  // namespace traffictap::web
