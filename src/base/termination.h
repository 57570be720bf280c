// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"

// How a process of ours is asked to end: by SIGTERM or SIGINT, taken by one thread that waits for
// it.
namespace traffictap::base {

// Call first in main, before any thread starts: all threads inherit the block, so that the signals
// reach WaitForTermination alone. A peer that goes away (SIGPIPE) is an error of the write from
// here on.
void BlockTermination();

// Returns when the process is asked to end.
void WaitForTermination();

// How long our programs have to end once they were asked. A pod has 30 s from SIGTERM by default, and
// calls to an API server that hangs take as long each.
inline constexpr Nanos kStopMax = 20 * kSecond;

// The last resort once it has been asked: unless it has ended within `patience`, the process ends with
// code 3, whatever it still waits for, and says so in the log.
void EndProcessAfter(Nanos patience);

// Ends the process with what was printed, and without the destructors of static objects: gRPC's
// threads, and a writer's that was abandoned, may still run, and would find theirs destroyed.
// Call last in main, when all that we own is gone.
[[noreturn]] void EndProcess(int exit_code);

}  // namespace traffictap::base
