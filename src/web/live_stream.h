#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/clock.h"
#include "observe/live_reader.h"
#include "web/http_message.h"

namespace traffictap::web {

enum class StreamFormat { kNdjson, kEvents };

struct LiveStreamOptions {
  StreamFormat format = StreamFormat::kNdjson;
  base::Nanos heartbeat_interval =
      10 * base::kSecond;  // a blank line or a comment when nothing else comes
  base::Nanos recheck_interval = 60 * base::kSecond;  // of the reader's right
  std::string query;                                  // as sent, for the audit log
  observe::Credentials credentials;
};

// A live reader as the body of a response: NDJSON (application/x-ndjson) or Server-Sent Events
// (text/event-stream). Writes the audit log's two lines: who began to read what, and how it ended.
class LiveStream final : public BodySource {
 public:
  // All pointers outlive the stream.
  LiveStream(std::unique_ptr<observe::LiveReader> reader, observe::Authorizer* authorizer,
             const base::Clock* clock, LiveStreamOptions options);
  ~LiveStream() override;

  Next Pull(std::string* out) override;
  void Ended(StreamEnd end) override;

 private:
  struct Recheck;
  void CheckRight(base::Nanos now);
  bool TakeRight(std::string* out);

  const std::unique_ptr<observe::LiveReader> reader_;
  observe::Authorizer* const authorizer_;
  const base::Clock* const clock_;
  const LiveStreamOptions options_;
  const base::Nanos started_;
  base::Nanos written_at_;
  base::Nanos checked_at_;
  size_t namespaces_asked_ = 0;
  std::shared_ptr<Recheck> recheck_;  // the question that runs, or null
  std::string why_ended_;
};

}  // namespace traffictap::web
