// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "kube/kube_client.h"
#include "kube/rate_limiter.h"
#include "operator/controller/backoff.h"

namespace traffictap::controller {

struct EventText {
  enum class Type { kNormal, kWarning };
  Type type = Type::kNormal;
  std::string reason;  // UpperCamelCase, from a closed set
  std::string action;  // what we did or tried, UpperCamelCase
  std::string note;    // for people; cut after 1024 bytes
};

struct EventRecorderOptions {
  std::string component;  // reportingController and field manager
  std::string instance;   // reportingInstance: the pod's name
  base::Nanos write_period = base::kSecond;
  base::Nanos series_period = 60 * base::kSecond;  // one event is written again at most this often
  int per_object_burst = 10;  // different events about one object, then one a minute
  size_t events_max = 1000;   // remembered at once
};

// Tells people about transitions, as events.k8s.io Events. The same event about the same object
// becomes one with a series and a growing count. What goes over a limit is dropped and counted:
// events must not load the server. Thread-safe.
class EventRecorder {
 public:
  // `client` and `clock` outlive it.
  EventRecorder(kube::KubeClient* client, EventRecorderOptions options, const base::Clock* clock);

  // Never waits, never fails. Call it on transitions only.
  void Record(const kube::Object& regarding, const EventText& text);

  // Writes what waits, as far as the client's limit has room: other writes go before. What is left or
  // fails is tried again next time, until it is forgotten after ten minutes.
  void Flush();
  // Flushes every write_period until `stop` is requested, and once more then.
  void Run(const std::stop_token& stop);

  // traffictap_events_{written,dropped}_total. Thread-safe.
  void WriteMetrics(base::MetricWriter& writer) const;

 private:
  struct Series {
    kube::Object event;  // without .series
    int64_t count = 0;
    int64_t written_count = 0;
    base::Nanos waits_since = 0;
    base::Nanos written_at = 0;
    base::Nanos seen_at = 0;
    base::Nanos seen_wall = 0;
  };

  kube::Object MakeEvent(const kube::Object& regarding, const EventText& text) const;
  bool TakeToken(const std::string& uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // By key, who has waited longest first.
  std::vector<std::pair<std::string, Series>> TakeDue();
  kube::Object ToWrite(const Series& series) const;
  void Note(const std::string& key, const Series& series, const Status& status);
  void ForgetOld() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  kube::KubeClient* const client_;
  const EventRecorderOptions options_;
  const base::Clock* const clock_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Series> series_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::unique_ptr<kube::RateLimiter>> limits_ ABSL_GUARDED_BY(mutex_);
  double written_ ABSL_GUARDED_BY(mutex_) = 0;
  double dropped_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace traffictap::controller
