// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace traffictap::als {

// What one nghttp2 session allocates with. A session begins with large blocks of which it touches
// little while its frames are short: the buffer of a whole frame, the table of its streams. malloc
// has for them what others have used, so that all of it is resident. Here they lie in a region of
// the session's own, which the kernel fills in as its pages are touched. What is smaller, or does
// not fit, comes from malloc. A large block that is freed is not used again: the region goes with
// this object, which outlives the session. One thread at a time.
class SessionMemory {
 public:
  static constexpr size_t kLargeBytes = 2048;               // the least that goes into the region
  static constexpr size_t kRegionBytes = size_t{24} << 10;  // nghttp2 1.52 takes 23,418 of them

  SessionMemory() = default;
  ~SessionMemory();
  SessionMemory(const SessionMemory&) = delete;
  SessionMemory& operator=(const SessionMemory&) = delete;

  // As malloc, calloc, realloc and free, for blocks of this object.
  void* Allocate(size_t size);
  void* AllocateZeroed(size_t count, size_t size);
  void* Reallocate(void* block, size_t size);
  void Free(void* block);

 private:
  // Zeroed; null where it does not belong there or does not fit.
  void* TakeFromRegion(size_t size);
  bool IsInRegion(const void* block) const;

  char* region_ = nullptr;  // null: not mapped yet
  size_t taken_ = 0;        // of it
};

}  // namespace traffictap::als
