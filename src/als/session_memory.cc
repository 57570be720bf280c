// SPDX-License-Identifier: Apache-2.0
#include "als/session_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace traffictap::als {
namespace {

// Of pages of 64 kB a region would be one, and more than malloc takes.
bool HasSmallPages() {
  static const long page = sysconf(_SC_PAGESIZE);
  return page > 0 && static_cast<size_t>(page) < SessionMemory::kRegionBytes;
}

// Null where there is none.
char* MapRegion() {
  if (!HasSmallPages()) return nullptr;
  void* const out = mmap(nullptr, SessionMemory::kRegionBytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (out == MAP_FAILED) return nullptr;
  // Regions lie side by side: where the kernel joins pages to huge ones by itself, it would fill all
  // of them in.
  madvise(out, SessionMemory::kRegionBytes, MADV_NOHUGEPAGE);
  return static_cast<char*>(out);
}

}  // namespace

SessionMemory::~SessionMemory() {
  if (region_ != nullptr) munmap(region_, kRegionBytes);
}

void* SessionMemory::TakeFromRegion(size_t size) {
  if (size < kLargeBytes || size > kRegionBytes - taken_) return nullptr;
  if (region_ == nullptr) region_ = MapRegion();
  if (region_ == nullptr) return nullptr;
  char* const out = region_ + taken_;
  constexpr size_t kAlign = alignof(std::max_align_t);
  static_assert(kRegionBytes % kAlign == 0);
  taken_ = (taken_ + size + kAlign - 1) / kAlign * kAlign;
  return out;
}

bool SessionMemory::IsInRegion(const void* block) const {
  return region_ != nullptr &&
         reinterpret_cast<uintptr_t>(block) - reinterpret_cast<uintptr_t>(region_) < kRegionBytes;
}

void* SessionMemory::Allocate(size_t size) {
  void* const out = TakeFromRegion(size);
  return out != nullptr ? out : std::malloc(size);
}

void* SessionMemory::AllocateZeroed(size_t count, size_t size) {
  const bool may_fit = size == 0 || count <= kRegionBytes / size;
  void* const out = may_fit ? TakeFromRegion(count * size) : nullptr;
  return out != nullptr ? out : std::calloc(count, size);
}

void* SessionMemory::Reallocate(void* block, size_t size) {
  if (block == nullptr) return Allocate(size);
  if (!IsInRegion(block)) return std::realloc(block, size);
  // How large it was is not known: at most to where the next one would begin.
  const auto old_max = static_cast<size_t>(region_ + taken_ - static_cast<char*>(block));
  void* const out = Allocate(size);
  if (out != nullptr) std::memcpy(out, block, std::min(size, old_max));
  return out;
}

void SessionMemory::Free(void* block) {
  if (!IsInRegion(block)) std::free(block);
}

}  // namespace traffictap::als
