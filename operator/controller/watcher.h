// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "kube/kube_client.h"
#include "operator/controller/backoff.h"
#include "operator/controller/step_timer.h"

namespace traffictap::controller {

// The words of a watch. A list is told as Init, any number of InitApply, InitDone, and stands for
// everything there is: what it does not name is gone. Init may come again at any time, also in the
// middle of a list, which then counts for nothing. Apply and Delete only come between an InitDone
// and the next Init.
struct WatcherEvent {
  enum class Type { kInit, kInitApply, kInitDone, kApply, kDelete };
  Type type = Type::kInit;
  kube::Object object;  // of InitApply, Apply, Delete
};

struct WatcherOptions {
  std::string ns = "";  // empty: all
  std::string label_selector = "";
  std::string field_selector = "";
  int page_size = 500;
  BackoffOptions backoff = {};
  uint32_t seed = 1;        // of the jitter
  Wait wait = WaitOnClock;  // between tries
};

// Follows one kind of object for ever, whatever happens to connection and server (the rules of
// client-go's reflector):
//   watch: 410                      list again, not older than what was seen last
//   list: 410 or "too large"        list the newest state, in one page
//   429                             wait as asked, watch on, no list
//   cut, silent, 5xx, unreachable   watch on from where it was, with growing delays
//   500 three times in a row        list again: the server may never again serve that version
//   anything else (403, 404)        list again, with growing delays
class Watcher {
 public:
  using OnEvent = std::function<void(WatcherEvent)>;

  // `client` and `clock` outlive it; `on_event` is called on Run's thread.
  Watcher(kube::KubeClient* client, const kube::Resource& resource, WatcherOptions options,
          const base::Clock* clock, OnEvent on_event);

  // Until `stop` is requested. Once.
  void Run(const std::stop_token& stop);

  // The last error, OK while all is well. Thread-safe.
  Status last_error() const;
  // The last answer, and since when (monotonic) each one has had its code. Thread-safe.
  struct Answer {
    Status status;
    base::Nanos since = 0;
  };
  Answer last_answer() const;
  // Run's loop. A step ends with every object that comes, and no later than the client's deadlines.
  // Thread-safe.
  Loop loop() const { return {"watch of " + resource_.Name(), steps_.step()}; }
  // traffictap_watch_{lists,restarts}_total{resource}. Thread-safe.
  void WriteMetrics(base::MetricWriter& writer) const;

 private:
  enum class Next { kWatch, kList };

  // One list; what to do then. May wait.
  Next List(const std::stop_token& stop);
  Next Watch(const std::stop_token& stop);
  Next AfterWatch(const Status& status, base::Nanos lasted, const std::stop_token& stop);
  Status ListOnce(const kube::ListOptions& options);
  void OnWatchEvent(kube::WatchEvent event);
  void Note(const Status& status);
  void WaitAfter(const Status& status, const std::stop_token& stop);

  kube::KubeClient* const client_;
  const kube::Resource resource_;
  const WatcherOptions options_;
  const base::Clock* const clock_;
  const OnEvent on_event_;
  StepTimer steps_;
  Backoff backoff_;
  std::minstd_rand random_;
  std::string version_;      // the last one seen; empty: none
  int internal_errors_ = 0;  // of watches, in a row
  mutable absl::Mutex mutex_;
  Status last_error_ ABSL_GUARDED_BY(mutex_);
  base::Nanos since_ ABSL_GUARDED_BY(mutex_) = 0;
  double lists_ ABSL_GUARDED_BY(mutex_) = 0;
  double restarts_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace traffictap::controller
