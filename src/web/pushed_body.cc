// SPDX-License-Identifier: Apache-2.0
#include "web/pushed_body.h"

#include <utility>

#include "absl/time/time.h"

namespace traffictap::web {

PushedBody::PushedBody(PushedBodyOptions options) : options_(std::move(options)) {}

bool PushedBody::HasRoom() const { return gone_ || buffer_.size() < options_.bytes_max; }

Status PushedBody::Put(std::string_view bytes) {
  absl::MutexLock lock(&mutex_);
  const bool room = mutex_.AwaitWithTimeout(absl::Condition(this, &PushedBody::HasRoom),
                                            absl::Nanoseconds(options_.room_wait));
  if (gone_) return absl::CancelledError("the reader is gone");
  if (!room) return absl::ResourceExhaustedError("the reader is slower than what comes");
  buffer_.append(bytes);
  return absl::OkStatus();
}

void PushedBody::End() {
  absl::MutexLock lock(&mutex_);
  ended_ = true;
}

void PushedBody::Leave() {
  absl::MutexLock lock(&mutex_);
  gone_ = true;
}

BodySource::Next PushedBody::Pull(std::string* out) {
  absl::MutexLock lock(&mutex_);
  const bool any = !buffer_.empty();
  out->append(buffer_);
  buffer_.clear();
  if (ended_) return Next::kEnd;
  return any ? options_.after_bytes : Next::kWait;
}

void PushedBody::Ended(StreamEnd) {
  Leave();
  if (options_.on_gone) options_.on_gone();
}

}  // namespace traffictap::web
