// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// How many descriptors (connections, files) the process may have open.
namespace traffictap::base {

// Raises the soft limit (RLIMIT_NOFILE) as far as the process may without a privilege, at most to
// 1,048,576, and returns what is in force then. Call it before the first connection.
uint64_t RaiseDescriptorLimit();

// The soft limit that is in force.
uint64_t DescriptorLimit();

}  // namespace traffictap::base
