// SPDX-License-Identifier: Apache-2.0
#include "kube/api_error.h"

#include <utility>

#include "absl/strings/cord.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace traffictap::kube {
namespace {

constexpr char kPayload[] = "traffictap.io/kube.ApiError";

absl::StatusCode CodeOf(const ApiError& error) {
  switch (error.code) {
    case 401: return absl::StatusCode::kUnauthenticated;
    case 403: return absl::StatusCode::kPermissionDenied;
    case 404: return absl::StatusCode::kNotFound;
    case 408:
    case 504: return absl::StatusCode::kDeadlineExceeded;
    case 409:
      return error.reason == "AlreadyExists" ? absl::StatusCode::kAlreadyExists
                                             : absl::StatusCode::kAborted;
    case 410: return absl::StatusCode::kOutOfRange;
    case 429: return absl::StatusCode::kResourceExhausted;
    default: break;
  }
  return error.code >= 400 && error.code < 500 ? absl::StatusCode::kInvalidArgument
                                               : absl::StatusCode::kUnavailable;
}

bool Is(const Status& status, int code, const char* reason = nullptr) {
  const auto error = ApiErrorOf(status);
  return error && error->code == code && (reason == nullptr || error->reason == reason);
}

}  // namespace

Status ToStatus(const ApiError& error, const std::string& verb, const std::string& object) {
  const std::string cause = error.message.empty() ? error.reason : error.message;
  Status status(CodeOf(error), fmt::format("{} {}: {} (HTTP {})", verb, object, cause, error.code));
  const nlohmann::json payload = {{"code", error.code},
                                  {"reason", error.reason},
                                  {"cause", error.cause},
                                  {"message", error.message},
                                  {"retryAfter", error.retry_after.value_or(-1)}};
  const std::string text = payload.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  status.SetPayload(kPayload, absl::Cord(text));
  return status;
}

std::optional<ApiError> ApiErrorOf(const Status& status) {
  const auto payload = status.GetPayload(kPayload);
  if (!payload) return std::nullopt;
  const auto json = nlohmann::json::parse(std::string(*payload), nullptr, false);
  if (!json.is_object()) return std::nullopt;
  ApiError error{json.value("code", 0), json.value("reason", ""), json.value("cause", ""),
                 json.value("message", ""), std::nullopt};
  const base::Nanos wait = json.value("retryAfter", base::Nanos{-1});
  if (wait >= 0) error.retry_after = wait;
  return error;
}

bool IsNotFound(const Status& status) { return absl::IsNotFound(status); }

bool IsAlreadyExists(const Status& status) { return absl::IsAlreadyExists(status); }

bool IsConflict(const Status& status) { return Is(status, 409, "Conflict"); }

bool IsFieldManagerConflict(const Status& status) {
  const auto error = ApiErrorOf(status);
  return error && error->code == 409 && error->cause == "FieldManagerConflict";
}

bool IsGone(const Status& status) { return Is(status, 410); }

bool IsResourceVersionTooLarge(const Status& status) {
  const auto error = ApiErrorOf(status);
  return error && error->cause == "ResourceVersionTooLarge";
}

std::optional<base::Nanos> RetryAfter(const Status& status) {
  const auto error = ApiErrorOf(status);
  return error ? error->retry_after : std::nullopt;
}

}  // namespace traffictap::kube
