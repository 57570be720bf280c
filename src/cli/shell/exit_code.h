// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/status.h"

namespace traffictap::cli {

// How the program ends; scripts depend on the numbers.
enum ExitCode {
  kExitOk = 0,
  kExitFailure = 1,
  kExitUsage = 2,
  kExitNotFound = 3,
  kExitNotAllowed = 4,
  kExitNotReady = 5,
  kExitSignal = 128,  // plus the number of the signal: 130 after Ctrl-C
};

struct ExitMeaning {
  std::string_view code;
  std::string_view meaning;
};

// For help and the man page.
inline constexpr ExitMeaning kExitMeanings[] = {
    {"0", "success, also when ended by --max, --duration or a closed pipe"},
    {"1", "failure: no answer, a connection that was lost for good, a full disk"},
    {"2", "invalid command line"},
    {"3", "not found: a namespace, workload, pod, tap or file"},
    {"4", "permission denied: the message names the missing permission"},
    {"5", "not ready: no proxy to tap, or the tap or TrafficTap itself was not ready in time"},
    {"130", "interrupted by Ctrl-C (129: hang-up, 143: SIGTERM), after deleting the temporary tap"},
};

// What an error of a command means to whoever started the program.
int ExitCodeOf(const Status& status);

}  // namespace traffictap::cli
