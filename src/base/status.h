// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// What a caller does with a failed call depends on the code alone:
//   kUnavailable, kDeadlineExceeded, kAborted, kResourceExhausted   retry with back-off
//   kInvalidArgument, kFailedPrecondition                           tell the user, wait for an edit
//   kPermissionDenied, kUnauthenticated                             tell the user, retry slowly
//   kNotFound                                                       on delete: done
// A message reads "verb object: cause"; each layer adds its context once.
namespace traffictap {

using Status = absl::Status;
template <typename T>
using StatusOr = absl::StatusOr<T>;

inline bool IsRetryable(const Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded ||
         status.code() == absl::StatusCode::kAborted ||
         status.code() == absl::StatusCode::kResourceExhausted;
}

// absl's own string_view does not convert from or to std::string_view in Debian 12: read messages
// through here.
inline std::string Message(const Status& status) { return std::string(status.message()); }

}  // namespace traffictap

#define TT_RETURN_IF_ERROR(expression)                            \
  do {                                                            \
    if (absl::Status tt_status = (expression); !tt_status.ok()) { \
      return tt_status;                                           \
    }                                                             \
  } while (false)

// A broken invariant of our own: never for anything that came from outside.
#define TT_CHECK(condition)                                                              \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)
