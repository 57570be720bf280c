// SPDX-License-Identifier: Apache-2.0
#include "web/live_stream.h"

#include <algorithm>
#include <optional>

#include "absl/synchronization/mutex.h"
#include "base/log.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace traffictap::web {
namespace {

// What a client typed may not end a line of the log or forge a field of it.
std::string Printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x21 || c > 0x7e || c == '"'; },
      '?');
  return text;
}

std::string Printable(const std::vector<std::string>& texts) {
  return Printable(fmt::format("{}", fmt::join(texts, ",")));
}

const char* ToString(StreamEnd end) {
  switch (end) {
    case StreamEnd::kFinished: return "Finished";
    case StreamEnd::kReaderGone: return "ReaderGone";
    case StreamEnd::kStalled: return "Stalled";
    case StreamEnd::kServerStopped: return "CollectorStopped";
  }
  return "";
}

}  // namespace

// The answer comes on any thread, perhaps after the stream has ended.
struct LiveStream::Recheck {
  absl::Mutex mutex;
  std::optional<StatusOr<observe::Access>> answer ABSL_GUARDED_BY(mutex);
};

LiveStream::LiveStream(std::unique_ptr<observe::LiveReader> reader, observe::Authorizer* authorizer,
                       const base::Clock* clock, LiveStreamOptions options)
    : reader_(std::move(reader)),
      authorizer_(authorizer),
      clock_(clock),
      options_(std::move(options)),
      started_(clock->Monotonic()),
      written_at_(started_),
      check_at_(started_ + options_.recheck_interval),
      confirmed_at_(started_),
      namespaces_asked_(reader_->Namespaces().size()) {
  const auto& access = reader_->access();
  log::For("audit").info(
      "live reader began user=\"{}\" groups=\"{}\" peer={} namespace=\"{}\" taps={} query=\"{}\"",
      Printable(access.user), Printable(access.groups), options_.credentials.peer,
      Printable(options_.ns), fmt::join(reader_->taps(), ","), Printable(options_.query));
}

LiveStream::~LiveStream() = default;

// Again after the interval, and soon after a side was reduced because nothing was known of its
// namespace.
void LiveStream::CheckRight(base::Nanos now) {
  const auto namespaces = reader_->Namespaces();
  if (recheck_ || (now < check_at_ && namespaces.size() == namespaces_asked_)) return;
  check_at_ = now + options_.recheck_interval;
  namespaces_asked_ = namespaces.size();
  recheck_ = std::make_shared<Recheck>();
  authorizer_->Authorize(options_.credentials, namespaces,
                         [recheck = recheck_](StatusOr<observe::Access> answer) {
                           absl::MutexLock lock(&recheck->mutex);
                           recheck->answer = std::move(answer);
                         });
}

bool LiveStream::MayRead(const observe::Access& access) const {
  const auto& taps = reader_->taps();
  return std::all_of(taps.begin(), taps.end(),
                     [&](const auto& tap) { return MayReadTap(access, tap, options_.ns); });
}

bool LiveStream::EndWith(const char* reason, std::string* out) {
  why_ended_ = reason;
  StreamWriter(options_.format, out)
      .Control(fmt::format("{{\"type\":\"End\",\"reason\":\"{}\"}}\n", reason));
  return false;
}

// False when the right is gone.
bool LiveStream::TakeRight(base::Nanos now, std::string* out) {
  if (!recheck_) return true;
  std::optional<StatusOr<observe::Access>> answer;
  {
    absl::MutexLock lock(&recheck_->mutex);
    answer = recheck_->answer;
  }
  const bool too_old = now - confirmed_at_ >= options_.unconfirmed_max;
  if (!answer) return too_old ? EndWith("RightUnconfirmed", out) : true;
  recheck_ = nullptr;
  if (!answer->ok() && IsRetryable(answer->status())) {
    check_at_ = now + options_.retry_interval;
    return too_old ? EndWith("RightUnconfirmed", out) : true;
  }
  if (!answer->ok() || !MayRead(**answer)) return EndWith("RightRevoked", out);
  confirmed_at_ = now;
  reader_->SetAccess(**answer);
  return true;
}

BodySource::Next LiveStream::Pull(std::string* out) {
  const base::Nanos now = clock_->Monotonic();
  CheckRight(now);
  if (!TakeRight(now, out)) return Next::kEnd;
  StreamWriter writer(options_.format, out);
  const bool more = reader_->Pull(&writer);
  if (!out->empty()) {
    written_at_ = now;
  } else if (now - written_at_ >= options_.heartbeat_interval) {
    written_at_ = now;
    writer.Heartbeat();
  }
  if (reader_->end() != observe::EndReason::kNone) {
    why_ended_ = observe::ToString(reader_->end());
    return Next::kEnd;
  }
  return more ? Next::kNow : Next::kWait;
}

void LiveStream::Ended(StreamEnd end) {
  const auto& counters = reader_->counters();
  if (why_ended_.empty() || end != StreamEnd::kFinished) why_ended_ = ToString(end);
  const auto& access = reader_->access();
  log::For("audit").info(
      "live reader ended user=\"{}\" groups=\"{}\" peer={} namespace=\"{}\" taps={} query=\"{}\" "
      "reason={} seconds={:.1f} sent={} filtered={} hidden={} dropped={}",
      Printable(access.user), Printable(access.groups), options_.credentials.peer,
      Printable(options_.ns), fmt::join(reader_->taps(), ","), Printable(options_.query),
      why_ended_, static_cast<double>(clock_->Monotonic() - started_) / base::kSecond,
      counters.sent, counters.filtered, counters.hidden, counters.dropped);
}

bool MayReadTap(const observe::Access& access, const std::string& tap, const std::string& ns) {
  const std::string own = observe::NamespaceOf(tap);
  return access.MayRead(own.empty() ? ns : own);
}

Status QualifyTap(const std::optional<std::string>& ns, std::string* tap) {
  if (!ns) return absl::OkStatus();
  if (tap->find('/') == std::string::npos) *tap = *ns + "/" + *tap;
  if (observe::NamespaceOf(*tap) == *ns) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "tap: \"{}\" is not in namespace \"{}\", which the request is limited to", *tap, *ns));
}

void AuditRefusal(const observe::Credentials& credentials, const std::string& resource,
                  const std::string& ns, const std::string& query, const Status& why) {
  log::For("audit").info(
      "live reader refused user=\"{}\" groups=\"{}\" peer={} resource={} namespace=\"{}\" "
      "query=\"{}\" reason={}",
      Printable(credentials.user.name), Printable(credentials.user.groups), credentials.peer,
      Printable(resource), Printable(ns), Printable(query), absl::StatusCodeToString(why.code()));
}

void AuditFiles(const observe::Access& access, const observe::Credentials& credentials,
                const std::string& tap, const std::string& query) {
  log::For("audit").info("files read user=\"{}\" groups=\"{}\" peer={} tap={} query=\"{}\"",
                         Printable(access.user), Printable(access.groups), credentials.peer,
                         Printable(tap), Printable(query));
}

void AuditDump(const observe::Access& access, const observe::Credentials& credentials,
               const std::string& tap, const std::string& query, const Status& result) {
  log::For("audit").info(
      "dump asked for user=\"{}\" groups=\"{}\" peer={} tap={} query=\"{}\" result={}",
      Printable(access.user), Printable(access.groups), credentials.peer, Printable(tap),
      Printable(query), absl::StatusCodeToString(result.code()));
}

}  // namespace traffictap::web
