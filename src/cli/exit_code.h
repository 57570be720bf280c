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
    {"0", "done; also where --max, --duration or a reader that closed the pipe ended it"},
    {"1", "it failed: no answer, a connection that was lost and did not come back, a full disk"},
    {"2", "the command line or a value in it is wrong"},
    {"3", "a name is not there: namespace, workload, pod, tap, file"},
    {"4", "not allowed: the message names the right that is missing"},
    {"5", "not ready: no proxy to tap, the tap or TrafficTap itself did not get ready in time"},
    {"130", "ended by Ctrl-C (129: hang-up, 143: SIGTERM); a temporary tap is deleted first"},
};

// What an error of a command means to whoever started the program.
int ExitCodeOf(const Status& status);

}  // namespace traffictap::cli
