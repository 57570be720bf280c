// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace traffictap::pairing {

// Memory for many blocks of some hundred bytes that live for seconds: size classes 32 bytes apart,
// each in pages of its own. A page whose last block is freed serves any class again, so a change of
// sizes strands nothing, and the kernel gets back what many free ones have. In steady state nothing is
// allocated. Blocks above kBlockMax come from the heap. Not thread-safe.
class Slab {
 public:
  static constexpr size_t kGranule = 32;
  static constexpr size_t kBlockMax = 4096;
  static constexpr size_t kPageBytes = size_t{64} << 10;
  static constexpr size_t kRegionBytes = size_t{4} << 20;

  Slab() = default;
  ~Slab();
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  // Aligned to kGranule.
  void* Allocate(size_t size);
  // `size` as it was allocated.
  void Free(void* block, size_t size);

  // What blocks in use take, rounded up to their class.
  size_t used_bytes() const { return used_bytes_; }

 private:
  struct Page;
  using PageList = Page*;
  static constexpr size_t kClasses = kBlockMax / kGranule + 1;

  Page* TakePage(size_t block_bytes);
  void* FreshPage();
  void ReturnPage(Page* page);
  static void Link(PageList* list, Page* page);
  static void Unlink(PageList* list, Page* page);

  std::array<PageList, kClasses> with_room_{};
  std::vector<void*> spare_;  // pages without a block, which keep their memory: taken first
  std::vector<void*> bare_;   // the others without a block, whose memory the kernel has back
  // Memory that pages are cut from, each with room for one page more.
  std::vector<void*> regions_;
  std::byte* fresh_ = nullptr;  // the next page of the last region
  size_t fresh_pages_ = 0;      // that it still has
  size_t used_bytes_ = 0;
};

}  // namespace traffictap::pairing
