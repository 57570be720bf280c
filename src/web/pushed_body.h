// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/status.h"
#include "web/http_message.h"

namespace traffictap::web {

struct PushedBodyOptions {
  size_t bytes_max = 0;       // held for the reader; one more piece is taken below it
  base::Nanos room_wait = 0;  // of one Put, for the reader to make room
  // What follows a pull that found bytes. kWait gathers them for the server's poll interval.
  BodySource::Next after_bytes = BodySource::Next::kNow;
  std::function<void()> on_gone = nullptr;  // the reader goes; called on the server's thread
};

// A body that one thread fills, with what it waits for, while the server's empties it.
class PushedBody final : public BodySource {
 public:
  explicit PushedBody(PushedBodyOptions options);

  // Waits a moment for room. kCancelled: the reader is gone; kResourceExhausted: it is slower than
  // what comes, and nothing was taken.
  Status Put(std::string_view bytes);
  // That was all.
  void End();
  // As if the reader were gone, without `on_gone`. On any thread.
  void Leave();

  Next Pull(std::string* out) override;
  void Ended(StreamEnd end) override;

 private:
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const PushedBodyOptions options_;
  absl::Mutex mutex_;
  std::string buffer_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool gone_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace traffictap::web
