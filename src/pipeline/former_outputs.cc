// SPDX-License-Identifier: Apache-2.0
#include "pipeline/former_outputs.h"

#include <utility>
#include <vector>

#include "base/counters.h"
#include "base/log.h"

namespace traffictap::pipeline {
namespace {

void LogFinal(const std::string& tap, const std::string& output,
              const sinks::SinkCounters& counters) {
  const auto lost = [&](sinks::DropReason reason) {
    return counters.dropped[static_cast<size_t>(reason)];
  };
  const bool told_nowhere_else =
      lost(sinks::DropReason::kClosed) + lost(sinks::DropReason::kAbandoned) > 0;
  log::For("pipeline")
      .log(told_nowhere_else ? spdlog::level::err : spdlog::level::info,
           "final counters tap={} output=\"{}\" {}", tap, output, base::CountersText(counters));
}

}  // namespace

void FormerOutputs::Add(const std::string& name, std::shared_ptr<sinks::Sink> sink) {
  absl::MutexLock lock(&mutex_);
  closing_.emplace(name, std::move(sink));
}

bool FormerOutputs::Reap() {
  std::vector<std::shared_ptr<sinks::Sink>> gone;  // they end outside the lock
  absl::MutexLock lock(&mutex_);
  for (auto it = closing_.begin(); it != closing_.end();) {
    const auto& [name, sink] = *it;
    if (!sink->Closed()) {
      ++it;
      continue;
    }
    const sinks::SinkCounters counters = sink->counters();
    LogFinal(tap_, name, counters);
    base::AddCounters(counters, &ended_[name]);
    gone.push_back(sink);
    it = closing_.erase(it);
  }
  return closing_.empty();
}

void FormerOutputs::Await() {
  std::vector<std::shared_ptr<sinks::Sink>> closing;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [name, sink] : closing_) closing.push_back(sink);
  }
  for (const auto& sink : closing) sink->Close(0);
}

std::map<std::string, sinks::SinkCounters> FormerOutputs::counters() const {
  absl::MutexLock lock(&mutex_);
  auto out = ended_;
  for (const auto& [name, sink] : closing_) base::AddCounters(sink->counters(), &out[name]);
  return out;
}

}  // namespace traffictap::pipeline
