// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "observe/live_reader.h"

namespace traffictap::web {

enum class StreamFormat { kNdjson, kEvents };

// Writes lines of a live stream as the body has them: NDJSON (application/x-ndjson) or Server-Sent
// Events (text/event-stream).
class StreamWriter final : public observe::LiveOutput {
 public:
  // `out` outlives it.
  StreamWriter(StreamFormat format, std::string* out) : format_(format), out_(out) {}

  void Record(std::string_view line) override { Write("record", line); }
  void Control(std::string_view line) override { Write("control", line); }
  // Enough for one pull.
  bool HasRoom() const override { return out_->size() < kBytesPerPull; }
  // What says that the stream is there while nothing else comes.
  void Heartbeat() { *out_ += format_ == StreamFormat::kEvents ? ":\n\n" : "\n"; }

 private:
  static constexpr size_t kBytesPerPull = size_t{2} << 20;
  void Write(std::string_view event, std::string_view line);

  const StreamFormat format_;
  std::string* const out_;
};

}  // namespace traffictap::web
