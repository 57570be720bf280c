// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/read_answer.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <charconv>

#include "fmt/format.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "sinks/otlp/attribute_writer.h"

namespace traffictap::sinks {
namespace {

constexpr int64_t kDelaySecondsMax = 86'400;

// gRPC's codes by number.
enum Code {
  kCancelled = 1,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// What may be asked again as it is; kResourceExhausted only where the receiver says when.
bool IsRetryableCode(int code) {
  return code == kCancelled || code == kDeadlineExceeded || code == kAborted ||
         code == kOutOfRange || code == kUnavailable || code == kDataLoss;
}

// The receiver's words, made fit for one line of a status.
std::string Words(std::string_view text) {
  constexpr size_t kMax = 300;
  std::string out = ToUtf8(text.substr(0, kMax));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return out;
}

Status Tell(Signal signal, int code, const std::string& cause) {
  const std::string message = fmt::format("otlp: export {}: {}", ToString(signal), Words(cause));
  switch (code) {
    case kUnauthenticated:
      return absl::UnauthenticatedError(message + "; check the headers and the client certificate");
    case kPermissionDenied:
      return absl::PermissionDeniedError(message + "; the receiver does not let us send");
    case kUnimplemented:
      return absl::FailedPreconditionError(
          fmt::format("{}; the receiver does not take {}: correct endpoint and protocol, or leave "
                      "it out of signals",
                      message, ToString(signal)));
    case kResourceExhausted:
      return absl::OutOfRangeError(message + "; where requests are too large, lower batch.maxSize");
    case kInvalidArgument: return absl::InvalidArgumentError(message);
    case kDeadlineExceeded: return absl::DeadlineExceededError(message);
    default:
      return IsRetryableCode(code) ? absl::UnavailableError(message) : absl::InternalError(message);
  }
}

// What a request that was taken as a whole says of its parts.
template <typename Response>
void ReadPartialSuccess(const std::string& body, Answer* out) {
  Response response;
  if (!response.ParseFromString(body) || !response.has_partial_success()) return;
  const auto& partial = response.partial_success();
  if constexpr (requires { partial.rejected_spans(); }) {
    out->rejected = static_cast<uint64_t>(std::max<int64_t>(partial.rejected_spans(), 0));
  } else {
    out->rejected = static_cast<uint64_t>(std::max<int64_t>(partial.rejected_log_records(), 0));
  }
  out->rejected_why = Words(partial.error_message());
}

void ReadTaken(const std::string& body, Answer* out) {
  namespace collector = opentelemetry::proto::collector;
  if (out->signal == Signal::kLogs) {
    ReadPartialSuccess<collector::logs::v1::ExportLogsServiceResponse>(body, out);
  } else {
    ReadPartialSuccess<collector::trace::v1::ExportTraceServiceResponse>(body, out);
  }
}

// google.rpc.RetryInfo among the details of a status; -1 where there is none.
base::Nanos RetryDelay(const google::rpc::Status& status) {
  for (const auto& detail : status.details()) {
    google::rpc::RetryInfo retry;
    if (!detail.Is<google::rpc::RetryInfo>() || !detail.UnpackTo(&retry)) continue;
    const auto& delay = retry.retry_delay();
    const int64_t seconds = std::clamp<int64_t>(delay.seconds(), 0, kDelaySecondsMax);
    return seconds * base::kSecond + std::clamp(delay.nanos(), 0, 999'999'999);
  }
  return -1;
}

base::Nanos RetryAfterHeader(const std::string& text) {
  int64_t seconds = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || stop != text.data() + text.size() || seconds < 0) return 0;
  return std::min(seconds, kDelaySecondsMax) * base::kSecond;
}

// The code of gRPC whose meaning is nearest.
int NearestCode(long http) {
  switch (http) {
    case 401: return kUnauthenticated;
    case 403: return kPermissionDenied;
    case 404:
    case 405:
    case 415: return kUnimplemented;
    case 413: return kResourceExhausted;
    case 429:
    case 502:
    case 503:
    case 504: return kUnavailable;
    default: return kInvalidArgument;
  }
}

}  // namespace

Answer ReadGrpcAnswer(Signal signal, int code, const std::string& message,
                      const std::string& details, const std::string& body) {
  Answer out;
  out.signal = signal;
  if (code == 0) {
    ReadTaken(body, &out);
    return out;
  }
  google::rpc::Status status;
  const base::Nanos delay = status.ParseFromString(details) ? RetryDelay(status) : -1;
  out.retryable = IsRetryableCode(code) || (code == kResourceExhausted && delay >= 0);
  if (out.retryable && delay > 0) out.retry_after = delay;
  const std::string cause = message.empty() ? fmt::format("gRPC status {}", code) : message;
  out.status = Tell(signal, out.retryable ? static_cast<int>(kUnavailable) : code, cause);
  if (code == kDeadlineExceeded) out.status = Tell(signal, code, cause);
  return out;
}

Answer ReadHttpAnswer(Signal signal, long code, const std::string& retry_after,
                      const std::string& body) {
  Answer out;
  out.signal = signal;
  if (code >= 200 && code < 300) {
    ReadTaken(body, &out);
    return out;
  }
  out.retryable = NearestCode(code) == kUnavailable;
  if (out.retryable) out.retry_after = RetryAfterHeader(retry_after);
  google::rpc::Status status;
  const bool told = status.ParseFromString(body) && !status.message().empty();
  out.status = Tell(
      signal, NearestCode(code),
      told ? fmt::format("HTTP {}: {}", code, status.message()) : fmt::format("HTTP {}", code));
  return out;
}

Answer NoAnswer(Signal signal, const std::string& cause) {
  return NotSent(signal, Tell(signal, kUnavailable, cause));
}

Answer NotSent(Signal signal, const Status& why) {
  Answer out;
  out.signal = signal;
  out.status = why;
  out.retryable = true;
  return out;
}

}  // namespace traffictap::sinks
