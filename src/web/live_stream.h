// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "observe/live_reader.h"
#include "web/http_message.h"
#include "web/stream_writer.h"

namespace traffictap::web {

struct LiveStreamOptions {
  StreamFormat format = StreamFormat::kNdjson;
  // a blank line or a comment when nothing else comes
  base::Nanos heartbeat_interval = 10 * base::kSecond;
  // A right that is taken away ends the stream within a minute: this, the few seconds for which an
  // authorizer may remember an answer, and what a reader waits for its next records.
  base::Nanos recheck_interval = 50 * base::kSecond;
  // Where the authorizer cannot tell, it is asked again soon, until the last answer is so old.
  base::Nanos retry_interval = 5 * base::kSecond;
  base::Nanos unconfirmed_max = 80 * base::kSecond;
  std::string ns;     // what the request was limited to, for the audit log
  std::string query;  // as sent, for the audit log
  observe::Credentials credentials;
};

// A live reader as the body of a response: NDJSON (application/x-ndjson) or Server-Sent Events
// (text/event-stream). Writes the audit log's two lines: who began to read what, and how it ended.
// Ends with RightRevoked when the reader may not read any more, and with RightUnconfirmed when for
// `unconfirmed_max` nobody could tell.
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
  bool TakeRight(base::Nanos now, std::string* out);
  bool MayRead(const observe::Access& access) const;
  bool EndWith(const char* reason, std::string* out);

  const std::unique_ptr<observe::LiveReader> reader_;
  observe::Authorizer* const authorizer_;
  const base::Clock* const clock_;
  const LiveStreamOptions options_;
  const base::Nanos started_;
  base::Nanos written_at_;
  base::Nanos check_at_;
  base::Nanos confirmed_at_;
  size_t namespaces_asked_ = 0;
  std::shared_ptr<Recheck> recheck_;  // the question that runs, or null
  std::string why_ended_;
};

// Whether `access` opens the tap to a request that is limited to namespace `ns` (empty: to none). A
// ClusterTrafficTap is of all namespaces: a request of one namespace gets what touches that one.
bool MayReadTap(const observe::Access& access, const std::string& tap, const std::string& ns);

// The key of a tap that a request names: "NAME" is of the namespace that the request is limited to.
// kInvalidArgument: it is of another one.
Status QualifyTap(const std::optional<std::string>& ns, std::string* tap);

// The audit log's line for a request that was refused. `resource` is the path's last part.
void AuditRefusal(const observe::Credentials& credentials, const std::string& resource,
                  const std::string& ns, const std::string& query, const Status& why);

// The audit log's line for a part of a tap's files that is sent, or a list of them.
void AuditFiles(const observe::Access& access, const observe::Credentials& credentials,
                const std::string& tap, const std::string& query);

// The audit log's line for a dump that was asked for, and what the recorder said to it.
void AuditDump(const observe::Access& access, const observe::Credentials& credentials,
               const std::string& tap, const std::string& query, const Status& result);

}  // namespace traffictap::web
