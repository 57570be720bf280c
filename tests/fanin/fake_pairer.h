// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "fanin/pairer_client.h"
#include "fmt/format.h"

namespace traffictap::fanin {

// A record of the stream that began `second` seconds into an hour.
inline std::string RecordLine(const std::string& id, int second, int sides = 2,
                              const std::string& tap = "shop/all", const std::string& more = "") {
  return fmt::format(
      R"({{"schemaVersion":"v1","id":"{}","tap":"{}"{},"timings":{{"startTime":"2026-01-31T12:{:02}:{:02}Z","clientMs":5}},"client":{{}}{}}})",
      id, tap, more, second / 60, second % 60, sides > 1 ? R"(,"server":[{}])" : "");
}
inline std::string PositionLine(const std::string& position) {
  return fmt::format(R"({{"type":"Position","position":"{}"}})", position);
}
inline std::string EndLine(const std::string& reason) {
  return fmt::format(R"({{"type":"End","reason":"{}"}})", reason);
}

// A pairer that does what the test says. Thread-safe.
class FakePairer final : public PairerClient {
 public:
  // Its stream goes on with these lines; they are sent once.
  void Say(const std::vector<std::string>& lines) {
    absl::MutexLock lock(&mutex_);
    for (const auto& line : lines) lines_.push_back(line + '\n');
  }
  // Not reached, and what is open is cut.
  void SetAway(bool away) {
    absl::MutexLock lock(&mutex_);
    away_ = away;
  }
  // Takes connections and says nothing.
  void SetHangs(bool hangs) {
    absl::MutexLock lock(&mutex_);
    hangs_ = hangs;
  }
  // Instead of a stream, and of other answers.
  void Answer(int code, const std::string& body) {
    absl::MutexLock lock(&mutex_);
    answer_ = kube::HttpResponse{code, std::nullopt, body};
  }

  std::vector<kube::HttpRequest> requests() const {
    absl::MutexLock lock(&mutex_);
    return requests_;
  }
  int open() const {
    absl::MutexLock lock(&mutex_);
    return open_;
  }

  StatusOr<kube::HttpResponse> Send(const kube::HttpRequest& request, base::Nanos) override {
    absl::MutexLock lock(&mutex_);
    requests_.push_back(request);
    if (away_) return absl::UnavailableError("refused");
    if (hangs_) return absl::DeadlineExceededError("nothing came");
    return answer_.value_or(kube::HttpResponse{200, std::nullopt, "{}"});
  }

  StatusOr<kube::HttpResponse> Stream(const kube::HttpRequest& request, base::Nanos,
                                      const kube::HttpTransport::StreamHandlers& handlers,
                                      std::stop_token stop) override {
    {
      absl::MutexLock lock(&mutex_);
      requests_.push_back(request);
      while (hangs_ && !stop.stop_requested()) Wait();
      if (stop.stop_requested()) return absl::CancelledError("stopped");
      if (away_) return absl::UnavailableError("refused");
      if (answer_) return *answer_;
      ++open_;
    }
    handlers.on_open();
    const auto out = Pump(handlers, stop);
    absl::MutexLock lock(&mutex_);
    --open_;
    return out;
  }

 private:
  StatusOr<kube::HttpResponse> Pump(const kube::HttpTransport::StreamHandlers& handlers,
                                    const std::stop_token& stop) {
    for (;;) {
      std::string next;
      {
        absl::MutexLock lock(&mutex_);
        while (lines_.empty() && !away_ && !stop.stop_requested()) Wait();
        if (stop.stop_requested()) return absl::CancelledError("stopped");
        if (away_) return absl::UnavailableError("cut");
        next = lines_.front();
        lines_.pop_front();
      }
      const Status taken = handlers.on_bytes(next);
      if (!taken.ok()) return taken;
    }
  }
  void Wait() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    mutex_.AwaitWithTimeout(absl::Condition(&never_), absl::Milliseconds(1));
  }

  mutable absl::Mutex mutex_;
  std::deque<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  bool away_ ABSL_GUARDED_BY(mutex_) = false;
  bool hangs_ ABSL_GUARDED_BY(mutex_) = false;
  bool never_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<kube::HttpResponse> answer_ ABSL_GUARDED_BY(mutex_);
  std::vector<kube::HttpRequest> requests_ ABSL_GUARDED_BY(mutex_);
  int open_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace traffictap::fanin
