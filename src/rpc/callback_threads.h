// SPDX-License-Identifier: Apache-2.0
#pragma once

// gRPC's threads for callbacks, which all channels and servers of a process share.
namespace traffictap::rpc {

// Keeps them from now on until the process ends. gRPC 1.51 takes them down with the last channel that
// uses them, and a thread that still works on the queue of that channel then aborts the process
// ("assertion failed: prior > 0") or reads what was freed: seen in 2 of 100 runs of a test that lets
// go of a channel whose receiver is away. Any thread; may be called again.
void KeepCallbackThreads();

}  // namespace traffictap::rpc
