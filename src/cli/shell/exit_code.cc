// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/exit_code.h"

namespace traffictap::cli {

int ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk: return kExitOk;
    case absl::StatusCode::kInvalidArgument: return kExitUsage;
    case absl::StatusCode::kNotFound: return kExitNotFound;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated: return kExitNotAllowed;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kDeadlineExceeded: return kExitNotReady;
    default: return kExitFailure;
  }
}

}  // namespace traffictap::cli
