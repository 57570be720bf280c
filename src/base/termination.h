// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a process of ours is asked to end: by SIGTERM or SIGINT, taken by one thread that waits for
// it.
namespace traffictap::base {

// Call first in main, before any thread starts: all threads inherit the block, so that the signals
// reach WaitForTermination alone. A peer that goes away (SIGPIPE) is an error of the write from
// here on.
void BlockTermination();

// Returns when the process is asked to end.
void WaitForTermination();

}  // namespace traffictap::base
