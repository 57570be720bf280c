// SPDX-License-Identifier: Apache-2.0
#include "collector/memory_plan.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace traffictap::collector {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kDefaultMemory = uint64_t{2} << 30;
// v1 says "no limit" with the largest number of whole pages.
constexpr uint64_t kNoLimit = uint64_t{1} << 60;

void Lower(std::optional<uint64_t>* limit, const fs::path& file) {
  std::ifstream in(file);
  uint64_t bytes = 0;
  if (!(in >> bytes) || bytes >= kNoLimit) return;  // not there, or "max"
  *limit = limit->has_value() ? std::min(**limit, bytes) : bytes;
}

// Of the group and all above it. In a container the path may be that of the host, of which only the
// top is mounted.
void LowerUpward(std::optional<uint64_t>* limit, const fs::path& mount, const std::string& group,
                 const char* name) {
  fs::path path = fs::path(group).relative_path();
  for (;; path = path.parent_path()) {
    Lower(limit, mount / path / name);
    if (path.empty()) return;
  }
}

}  // namespace

MemoryPlan DivideMemory(uint64_t memory) {
  MemoryPlan out;
  out.queue = memory / 16;
  out.waiting = memory / 4;
  out.live_backlog = memory / 8;
  out.streams = memory / 8;
  out.outputs = memory - 2 * out.queue - out.waiting - out.live_backlog - out.streams;
  return out;
}

uint64_t DefaultMemory(const std::string& root) {
  const auto limit = CgroupMemoryLimit(root);
  return limit ? *limit / 10 * 7 : kDefaultMemory;
}

std::optional<uint64_t> CgroupMemoryLimit(const std::string& root) {
  std::optional<uint64_t> limit;
  const fs::path mount = fs::path(root) / "sys/fs/cgroup";
  std::ifstream groups(fs::path(root) / "proc/self/cgroup");
  // HIERARCHY:CONTROLLERS:PATH; version 2 is hierarchy 0 without controllers.
  for (std::string line; std::getline(groups, line);) {
    const size_t controllers = line.find(':') + 1;
    const size_t path = line.find(':', controllers) + 1;
    if (controllers == 0 || path == 0) continue;
    const std::string which = line.substr(controllers, path - 1 - controllers);
    if (which.empty()) LowerUpward(&limit, mount, line.substr(path), "memory.max");
    if (which == "memory") {
      LowerUpward(&limit, mount / "memory", line.substr(path), "memory.limit_in_bytes");
    }
  }
  return limit;
}

}  // namespace traffictap::collector
