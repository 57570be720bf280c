// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/event_recorder.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "fmt/format.h"
#include "kube/api_error.h"
#include "operator/controller/micro_time.h"

namespace traffictap::controller {
namespace {

constexpr size_t kNoteBytesMax = 1024;  // the API's limit
constexpr base::Nanos kForgetAfter = 600 * base::kSecond;
constexpr double kTokensPerSecond = 1.0 / 60;
constexpr size_t kNameBytesMax = 200;  // of 253, the rest is our ending

// Not in the middle of a UTF-8 sequence.
std::string Cut(std::string text) {
  if (text.size() <= kNoteBytesMax) return text;
  size_t end = kNoteBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text;
}

// Not the server's: it is about calls that were sent.
bool IsOurLimit(const Status& status) {
  return absl::IsResourceExhausted(status) && !kube::ApiErrorOf(status);
}

const char* TypeName(EventText::Type type) {
  return type == EventText::Type::kWarning ? "Warning" : "Normal";
}

}  // namespace

EventRecorder::EventRecorder(kube::KubeClient* client, EventRecorderOptions options,
                             const base::Clock* clock)
    : client_(client), options_(std::move(options)), clock_(clock) {}

kube::Object EventRecorder::MakeEvent(const kube::Object& regarding, const EventText& text) const {
  const base::Nanos now = clock_->Wall();
  // An event cannot be changed but for its series, so that each first sighting has a name of its
  // own.
  const std::string name =
      fmt::format("{}.{:x}{:04x}", regarding.name().substr(0, kNameBytesMax), now,
                  std::hash<std::string>{}(text.reason + text.note) & 0xffff);
  const std::string ns = regarding.ns().empty() ? "default" : regarding.ns();
  kube::Json about = {{"apiVersion", regarding.api_version()},
                      {"kind", regarding.kind()},
                      {"name", regarding.name()},
                      {"uid", regarding.uid()},
                      {"resourceVersion", regarding.resource_version()}};
  if (!regarding.ns().empty()) about["namespace"] = regarding.ns();
  return kube::Object({{"apiVersion", kube::kEvents.ApiVersion()},
                       {"kind", kube::kEvents.kind},
                       {"metadata", {{"name", name}, {"namespace", ns}}},
                       {"eventTime", MicroTime(now)},
                       {"reportingController", options_.component},
                       {"reportingInstance", options_.instance},
                       {"action", text.action},
                       {"reason", text.reason},
                       {"type", TypeName(text.type)},
                       {"note", Cut(text.note)},
                       {"regarding", std::move(about)}});
}

bool EventRecorder::TakeToken(const std::string& uid) {
  auto& limit = limits_[uid];
  if (limit == nullptr) {
    limit =
        std::make_unique<kube::RateLimiter>(kTokensPerSecond, options_.per_object_burst, clock_);
  }
  return limit->Take(0).has_value();
}

void EventRecorder::Record(const kube::Object& regarding, const EventText& text) {
  const std::string uid = regarding.uid();
  const std::string key =
      fmt::format("{}\n{}\n{}\n{}", uid, TypeName(text.type), text.reason, text.note);
  absl::MutexLock lock(&mutex_);
  ForgetOld();
  auto found = series_.find(key);
  if (found == series_.end()) {
    if (series_.size() >= options_.events_max || !TakeToken(uid)) {
      ++dropped_;
      return;
    }
    found = series_.emplace(key, Series{MakeEvent(regarding, text)}).first;
  }
  Series& series = found->second;
  series.seen_at = clock_->Monotonic();
  series.seen_wall = clock_->Wall();
  if (series.count == series.written_count) series.waits_since = series.seen_at;
  ++series.count;
}

void EventRecorder::ForgetOld() {
  const base::Nanos now = clock_->Monotonic();
  const auto old = [now](const auto& entry) { return now - entry.second.seen_at > kForgetAfter; };
  const auto unwritten = std::count_if(series_.begin(), series_.end(), [&](const auto& entry) {
    return old(entry) && entry.second.count > entry.second.written_count;
  });
  dropped_ += static_cast<double>(unwritten);
  std::erase_if(series_, old);
  // Limits of objects that are long gone: one that is full again is as good as none.
  if (limits_.size() > options_.events_max) limits_.clear();
}

std::vector<std::pair<std::string, EventRecorder::Series>> EventRecorder::TakeDue() {
  absl::MutexLock lock(&mutex_);
  ForgetOld();
  std::vector<std::pair<std::string, Series>> due;
  const base::Nanos now = clock_->Monotonic();
  for (const auto& [key, series] : series_) {
    const bool rested =
        series.written_count == 0 || now - series.written_at >= options_.series_period;
    if (series.count > series.written_count && rested) due.emplace_back(key, series);
  }
  // What is left over must not be the same ones each time.
  std::stable_sort(due.begin(), due.end(), [](const auto& a, const auto& b) {
    return a.second.waits_since < b.second.waits_since;
  });
  return due;
}

kube::Object EventRecorder::ToWrite(const Series& series) const {
  kube::Object event = series.event;
  if (series.count > 1) {
    event.value()["series"] = {{"count", series.count},
                               {"lastObservedTime", MicroTime(series.seen_wall)}};
  }
  return event;
}

void EventRecorder::Note(const std::string& key, const Series& series, const Status& status) {
  absl::MutexLock lock(&mutex_);
  const auto found = series_.find(key);
  if (status.ok()) ++written_;
  if (found == series_.end()) return;
  // An event that the server will never take, as in a namespace that is going, is not tried again.
  const bool settled = status.ok() || !IsRetryable(status);
  if (!status.ok() && settled) ++dropped_;
  if (settled) found->second.written_count = series.count;
  found->second.written_at = clock_->Monotonic();
}

void EventRecorder::Flush() {
  for (const auto& [key, series] : TakeDue()) {
    const auto written =
        client_->Apply(kube::kEvents, ToWrite(series),
                       {.field_manager = options_.component, .force = true, .gives_way = true});
    // Patches and statuses go before: with a thousand taps, Events would take half of their time.
    if (IsOurLimit(written.status())) return;
    if (!written.ok()) {
      log::For("controller").warn("event not written err={}", Message(written.status()));
    }
    Note(key, series, written.status());
    // The server is not there: the others would fail alike.
    if (IsRetryable(written.status())) return;
  }
}

void EventRecorder::Run(const std::stop_token& stop) {
  while (WaitOnClock(options_.write_period, stop)) Flush();
  Flush();
}

void EventRecorder::WriteMetrics(base::MetricWriter& writer) const {
  absl::MutexLock lock(&mutex_);
  writer.Counter("traffictap_events_written_total", "Events written to the API server.", {},
                 written_);
  writer.Counter("traffictap_events_dropped_total",
                 "Events dropped because of a rate limit or rejected by the API server.", {},
                 dropped_);
}

}  // namespace traffictap::controller
