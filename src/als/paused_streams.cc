// SPDX-License-Identifier: Apache-2.0
#include "als/paused_streams.h"

#include <utility>

namespace traffictap::als {

bool PausedStreams::Add(const std::shared_ptr<PausedStream>& stream) {
  absl::MutexLock lock(&mutex_);
  if (ending_) return false;
  streams_.insert(stream);
  return true;
}

void PausedStreams::Remove(const std::shared_ptr<PausedStream>& stream) {
  absl::MutexLock lock(&mutex_);
  streams_.erase(stream);
}

void PausedStreams::EndAll() {
  std::set<std::shared_ptr<PausedStream>> streams;
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
    streams = std::exchange(streams_, {});
  }
  for (const auto& stream : streams) stream->EndWell();
}

}  // namespace traffictap::als
