// SPDX-License-Identifier: Apache-2.0

// Two states, by what is known of the server's history: List reads all and leaves the version of it
// in version_, Watch goes on from there. Events of a watch move version_, bookmarks too, so that
// the next watch repeats nothing. The way back to List is taken only where going on from version_
// cannot work: the history is gone (410), an error that is not known to pass, or internal errors in
// a row. Watches end after some minutes by themselves, which is no error and asks for no list.
#include "operator/controller/watcher.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace traffictap::controller {
namespace {

// Spread, so that the watches of many replicas do not all end at once.
constexpr base::Nanos kWatchShortest = 5 * 60 * base::kSecond;
constexpr base::Nanos kWatchLongest = 10 * 60 * base::kSecond;
// A watch that ends well sooner than this without a word would be a tight loop.
constexpr base::Nanos kTooShort = base::kSecond;
// Seen with etcd compacted between two versions of an object: the watch from there fails each time.
constexpr int kInternalErrorsMax = 3;

bool IsInternalError(const Status& status) {
  const auto error = kube::ApiErrorOf(status);
  return error && error->code == 500;
}

bool IsTransient(const Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status) || absl::IsCancelled(status);
}

}  // namespace

Watcher::Watcher(kube::KubeClient* client, const kube::Resource& resource, WatcherOptions options,
                 const base::Clock* clock, OnEvent on_event)
    : client_(client),
      resource_(resource),
      options_(std::move(options)),
      clock_(clock),
      on_event_(std::move(on_event)),
      steps_(clock),
      backoff_(options_.backoff, options_.seed, clock),
      random_(options_.seed) {}

void Watcher::Run(const std::stop_token& stop) {
  Next next = Next::kList;
  while (!stop.stop_requested()) next = next == Next::kList ? List(stop) : Watch(stop);
  steps_.End();
}

Status Watcher::ListOnce(const kube::ListOptions& options) {
  {
    absl::MutexLock lock(&mutex_);
    ++lists_;
  }
  steps_.Begin();
  on_event_({WatcherEvent::Type::kInit, {}});
  auto version = client_->List(resource_, options, [this](kube::Object object) {
    steps_.Begin();
    on_event_({WatcherEvent::Type::kInitApply, std::move(object)});
  });
  if (!version.ok()) return version.status();
  version_ = *version;
  on_event_({WatcherEvent::Type::kInitDone, {}});
  return absl::OkStatus();
}

Watcher::Next Watcher::List(const std::stop_token& stop) {
  kube::ListOptions options{.ns = options_.ns,
                            .label_selector = options_.label_selector,
                            .field_selector = options_.field_selector,
                            .resource_version = version_,
                            .page_size = options_.page_size};
  Status status = ListOnce(options);
  if (kube::IsGone(status) || kube::IsResourceVersionTooLarge(status)) {
    // One page, because a list that is too slow for the server's history would expire again and
    // again.
    options.resource_version.clear();
    options.page_size = 0;
    status = ListOnce(options);
  }
  Note(status);
  internal_errors_ = 0;
  if (status.ok()) return Next::kWatch;
  WaitAfter(status, stop);
  return Next::kList;
}

Watcher::Next Watcher::Watch(const std::stop_token& stop) {
  std::uniform_int_distribution<base::Nanos> duration(kWatchShortest, kWatchLongest);
  const kube::WatchOptions options{.ns = options_.ns,
                                   .label_selector = options_.label_selector,
                                   .field_selector = options_.field_selector,
                                   .resource_version = version_,
                                   .duration = duration(random_)};
  const base::Nanos started = clock_->Monotonic();
  steps_.Begin();
  bool heard = false;
  const Status status = client_->Watch(
      resource_, options,
      [this, &heard](kube::WatchEvent event) {
        heard = true;
        OnWatchEvent(std::move(event));
      },
      stop);
  const base::Nanos lasted = heard ? kTooShort : clock_->Monotonic() - started;
  return AfterWatch(status, lasted, stop);
}

Watcher::Next Watcher::AfterWatch(const Status& status, base::Nanos lasted,
                                  const std::stop_token& stop) {
  if (stop.stop_requested()) return Next::kWatch;
  Note(status);
  if (status.ok()) {
    if (lasted < kTooShort) WaitAfter(status, stop);
    return Next::kWatch;
  }
  if (kube::IsGone(status)) return Next::kList;
  internal_errors_ = IsInternalError(status) ? internal_errors_ + 1 : 0;
  WaitAfter(status, stop);
  return IsTransient(status) && internal_errors_ < kInternalErrorsMax ? Next::kWatch : Next::kList;
}

void Watcher::OnWatchEvent(kube::WatchEvent event) {
  steps_.Begin();
  if (auto version = event.object.resource_version(); !version.empty()) version_ = version;
  using Type = kube::WatchEvent::Type;
  if (event.type == Type::kBookmark) return;
  const bool gone = event.type == Type::kDeleted;
  on_event_(
      {gone ? WatcherEvent::Type::kDelete : WatcherEvent::Type::kApply, std::move(event.object)});
}

void Watcher::Note(const Status& status) {
  absl::MutexLock lock(&mutex_);
  if (!status.ok()) ++restarts_;
  if (!status.ok() && last_error_.ok()) {
    log::For("controller")
        .warn("watch interrupted resource={} err={}", resource_.Name(), Message(status));
  } else if (status.ok() && !last_error_.ok()) {
    log::For("controller").info("watch recovered resource={}", resource_.Name());
  }
  if (status.code() != last_error_.code()) since_ = clock_->Monotonic();
  last_error_ = status;
}

void Watcher::WaitAfter(const Status& status, const std::stop_token& stop) {
  steps_.End();
  options_.wait(std::max(backoff_.Next(), kube::RetryAfter(status).value_or(0)), stop);
}

Status Watcher::last_error() const {
  absl::MutexLock lock(&mutex_);
  return last_error_;
}

Watcher::Answer Watcher::last_answer() const {
  absl::MutexLock lock(&mutex_);
  return {last_error_, since_};
}

void Watcher::WriteMetrics(base::MetricWriter& writer) const {
  absl::MutexLock lock(&mutex_);
  const base::MetricLabels labels = {{"resource", resource_.Name()}};
  writer.Counter("traffictap_watch_lists_total", "Full list requests, including the first.", labels,
                 lists_);
  writer.Counter("traffictap_watch_restarts_total", "Lists and watches that ended with an error.",
                 labels, restarts_);
}

}  // namespace traffictap::controller
