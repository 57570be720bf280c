// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace traffictap::als {

// Memory of long messages for the next ones of the same thread. Where proxies come, their identifiers
// follow one another and are about as long: memory from malloc would be fresh for each, at the price of
// a page fault for every 4 KiB, and what sessions put into its place keeps it from being used again.
// At most kBuffers of at most kMostBytes. One thread at a time.
class SpareBuffers {
 public:
  static constexpr size_t kLeastBytes = size_t{32} << 10;
  static constexpr size_t kMostBytes = size_t{128} << 10;
  static constexpr size_t kBuffers = 8;

  static SpareBuffers* OfThread() {
    thread_local SpareBuffers buffers;
    return &buffers;
  }

  // Empty, with the memory of one that was given, or without.
  std::string Take() { return count_ == 0 ? std::string() : std::move(buffers_[--count_]); }
  // One that is out of the bounds is freed.
  void Give(std::string buffer) {
    if (buffer.capacity() < kLeastBytes || buffer.capacity() > kMostBytes || count_ == kBuffers) {
      return;
    }
    buffer.clear();
    buffers_[count_++] = std::move(buffer);
  }
  size_t count() const { return count_; }

 private:
  std::array<std::string, kBuffers> buffers_;
  size_t count_ = 0;
};

}  // namespace traffictap::als
