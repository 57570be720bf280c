// SPDX-License-Identifier: Apache-2.0
#include "pairing/slab.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

#include "base/status.h"

namespace traffictap::pairing {
namespace {

// Free pages that keep their memory for the next class that needs one.
constexpr size_t kSparePages = 64;
constexpr size_t kHeadBytes = 64;  // of a page: then its first block
constexpr size_t kMappedBytes = Slab::kRegionBytes + Slab::kPageBytes;

size_t RoundUp(size_t size) {
  return (size + Slab::kGranule - 1) / Slab::kGranule * Slab::kGranule;
}

}  // namespace

// Stands at the start of its page, which is aligned to its size: a block's page is found by masking
// its address.
struct Slab::Page {
  struct FreeBlock {
    FreeBlock* next;
  };

  Page* prev = nullptr;
  Page* next = nullptr;
  FreeBlock* free = nullptr;
  uint32_t block_bytes = 0;
  uint32_t used = 0;
  uint32_t fresh = kHeadBytes;  // offset of the first block never given out

  bool full() const { return free == nullptr && fresh + block_bytes > kPageBytes; }

  void* Take() {
    ++used;
    if (free != nullptr) {
      FreeBlock* block = free;
      free = block->next;
      return block;
    }
    void* block = reinterpret_cast<std::byte*>(this) + fresh;
    fresh += block_bytes;
    return block;
  }

  void Give(void* block) {
    --used;
    free = new (block) FreeBlock{free};
  }
};

// Blocks that are still in use would die with their owner, which frees them first.
Slab::~Slab() {
  for (void* region : regions_) munmap(region, kMappedBytes);
}

void* Slab::Allocate(size_t size) {
  const size_t bytes = RoundUp(size);
  used_bytes_ += bytes;
  if (bytes > kBlockMax) return ::operator new (bytes, std::align_val_t{kGranule});
  PageList* list = &with_room_[bytes / kGranule];
  if (*list == nullptr) Link(list, TakePage(bytes));
  Page* page = *list;
  void* block = page->Take();
  if (page->full()) Unlink(list, page);
  return block;
}

void Slab::Free(void* block, size_t size) {
  const size_t bytes = RoundUp(size);
  used_bytes_ -= bytes;
  if (bytes > kBlockMax) {
    ::operator delete (block, std::align_val_t{kGranule});
    return;
  }
  auto* page = reinterpret_cast<Page*>(reinterpret_cast<uintptr_t>(block) & ~(kPageBytes - 1));
  PageList* list = &with_room_[bytes / kGranule];
  if (page->full()) Link(list, page);
  page->Give(block);
  // The class' only page with room stays, or a class that swings around one block would take and
  // return it forever.
  if (page->used == 0 && (page->next != nullptr || *list != page)) {
    Unlink(list, page);
    ReturnPage(page);
  }
}

Slab::Page* Slab::TakePage(size_t block_bytes) {
  void* memory;
  if (std::vector<void*>& from = spare_.empty() ? bare_ : spare_; from.empty()) {
    memory = FreshPage();
  } else {
    memory = from.back();
    from.pop_back();
  }
  static_assert(sizeof(Page) <= kHeadBytes && kHeadBytes % kGranule == 0);
  auto* page = new (memory) Page;
  page->block_bytes = static_cast<uint32_t>(block_bytes);
  return page;
}

// Not from the heap: malloc keeps a few bytes beside each block, so that those of aligned pages touch
// a page of the kernel's between every two of ours, an eighth of the memory. What lies before the
// first page and behind the last one is never touched.
void* Slab::FreshPage() {
  if (fresh_pages_ == 0) {
    void* const region = mmap(nullptr, kMappedBytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    TT_CHECK(region != MAP_FAILED);
    // Regions lie side by side and are sparse: where the kernel joins pages to huge ones by itself, it would
    // fill all of them in, and get nothing back by the piece.
    madvise(region, kMappedBytes, MADV_NOHUGEPAGE);
    regions_.push_back(region);
    const auto begin = reinterpret_cast<uintptr_t>(region);
    fresh_ = static_cast<std::byte*>(region) + (kPageBytes - begin % kPageBytes);
    fresh_pages_ = kRegionBytes / kPageBytes;
  }
  void* const out = fresh_;
  fresh_ += kPageBytes;
  --fresh_pages_;
  return out;
}

// The addresses are kept, so that a table that was once large and is now full of holes is still few
// mappings for the kernel.
void Slab::ReturnPage(Page* page) {
  if (spare_.size() < kSparePages) return spare_.push_back(page);
  madvise(page, kPageBytes, MADV_DONTNEED);
  bare_.push_back(page);
}

void Slab::Link(PageList* list, Page* page) {
  page->prev = nullptr;
  page->next = *list;
  if (*list != nullptr) (*list)->prev = page;
  *list = page;
}

void Slab::Unlink(PageList* list, Page* page) {
  if (page->prev != nullptr) page->prev->next = page->next;
  if (page->next != nullptr) page->next->prev = page->prev;
  if (*list == page) *list = page->next;
}

}  // namespace traffictap::pairing
