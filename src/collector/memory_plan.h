// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace traffictap::collector {

// What each part of the process may hold at most. `queue` counts twice: while one lot of entries is
// being paired the next one waits.
struct MemoryPlan {
  size_t queue = 0;         // entries that wait for the pairer
  size_t waiting = 0;       // halves that wait for the other side
  size_t live_backlog = 0;  // records kept for live readers
  // Messages of streams that are not whole or not read yet; of a pairer, which has none, records on their way
  // to Kafka in a transaction.
  size_t streams = 0;
  size_t outputs = 0;  // all outputs together: queues, what is rendered, what is under way
};

// Divides `memory`: an eighth to the queue (twice a sixteenth), a quarter to waiting halves, an
// eighth each to the live backlog and to streams, and the rest to the outputs. The code, the taps
// and what the allocator wastes are not in it.
MemoryPlan DivideMemory(uint64_t memory);

// 70 % of the memory that the process's control group may use, so that 30 % are left for what no
// plan counts; 2 GiB where there is no limit. `root` is "/", but in tests.
uint64_t DefaultMemory(const std::string& root);

// The lowest limit of the process's control group and those above it, v1 or v2; none where there is
// no limit.
std::optional<uint64_t> CgroupMemoryLimit(const std::string& root);

}  // namespace traffictap::collector
