// SPDX-License-Identifier: Apache-2.0
#include "web/work_thread.h"

#include <utility>

#include "fmt/format.h"

namespace traffictap::web {
namespace {

Status Stopped() { return absl::UnavailableError("the collector stops"); }

}  // namespace

WorkThread::WorkThread(std::string what, size_t waiting_max)
    : what_(std::move(what)), waiting_max_(waiting_max), thread_([this] { Run(); }) {}

void WorkThread::Do(Work work) {
  Status refused = Stopped();
  {
    absl::MutexLock lock(&mutex_);
    if (!stopped_ && waiting_.size() < waiting_max_) {
      waiting_.push_back(std::move(work));
      return;
    }
    if (!stopped_) {
      refused = absl::ResourceExhaustedError(
          fmt::format("too many {} are being computed: try again later", what_));
    }
  }
  work(refused);
}

void WorkThread::Stop() {
  std::deque<Work> left;
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    left.swap(waiting_);
  }
  if (thread_.joinable()) thread_.join();
  for (const Work& work : left) work(Stopped());
}

void WorkThread::Run() {
  for (;;) {
    Work next;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &WorkThread::HasWorkOrEnds));
      if (stopped_) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    next(absl::OkStatus());
  }
}

}  // namespace traffictap::web
