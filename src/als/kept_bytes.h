// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>

namespace traffictap::als {

// What all streams of a server hold of messages that are not whole or not read yet, against one
// bound. Thread-safe.
class KeptBytes {
 public:
  explicit KeptBytes(size_t bytes_max) : bytes_max_(bytes_max) {}

  // False, and nothing taken, where there is no room.
  bool Take(size_t bytes) {
    if (held_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max_) return true;
    Give(bytes);
    return false;
  }
  void Give(size_t bytes) { held_.fetch_sub(bytes, std::memory_order_relaxed); }
  size_t held() const { return held_.load(std::memory_order_relaxed); }

 private:
  const size_t bytes_max_;
  std::atomic<size_t> held_{0};
};

}  // namespace traffictap::als
