// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/status.h"

namespace traffictap::kube {

// What the API server said of a refused call. Carried as a payload of the absl::Status, so that it
// survives a layer that keeps the status as it is; codes follow base/status.h.
struct ApiError {
  int code = 0;         // HTTP status code; 0: no answer
  std::string reason;   // metav1.Status.reason, such as "Conflict", "AlreadyExists", "Expired"
  std::string cause;    // the first of details.causes[].reason, such as "FieldManagerConflict"
  std::string message;  // for people
  std::optional<base::Nanos> retry_after;  // from Retry-After or details.retryAfterSeconds
};

// `verb` and `object` open the message: "apply envoyfilters.networking.istio.io shop/web: ...".
//   400, 405, 406, 413, 415, 422   kInvalidArgument
//   401                            kUnauthenticated
//   403                            kPermissionDenied
//   404                            kNotFound
//   408, 504                       kDeadlineExceeded
//   409 AlreadyExists              kAlreadyExists
//   409 otherwise                  kAborted
//   410                            kOutOfRange
//   429                            kResourceExhausted
//   5xx, no answer                 kUnavailable
Status ToStatus(const ApiError& error, const std::string& verb, const std::string& object);

// The reason above the code: 403 because of a quota or a namespace in deletion looks like any other
// 403.
std::optional<ApiError> ApiErrorOf(const Status& status);

bool IsNotFound(const Status& status);
bool IsAlreadyExists(const Status& status);
// A precondition (uid, resourceVersion) did not hold, or another field manager owns a field.
bool IsConflict(const Status& status);
bool IsFieldManagerConflict(const Status& status);
// 410: the resourceVersion or the continue token is older than the server's history.
bool IsGone(const Status& status);
// The server is behind the resourceVersion that was asked for (504 "Timeout" with this cause).
bool IsResourceVersionTooLarge(const Status& status);
// How long the server asked to wait.
std::optional<base::Nanos> RetryAfter(const Status& status);

}  // namespace traffictap::kube
