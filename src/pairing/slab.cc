// SPDX-License-Identifier: Apache-2.0
#include "pairing/slab.h"

#include <cstdint>
#include <new>

namespace traffictap::pairing {
namespace {

// Kept when they are empty, for the next class that needs one; more go back to the heap.
constexpr size_t kSparePages = 64;

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
  uint32_t fresh = kGranule;  // offset of the first block never given out

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

Slab::~Slab() {
  // Blocks still in use die with their owner, which frees them first: only pages with room and
  // spare ones are left.
  for (Page* page : with_room_) {
    while (page != nullptr) {
      Page* next = page->next;
      ::operator delete (page, std::align_val_t{kPageBytes});
      page = next;
    }
  }
  for (Page* page : spare_) ::operator delete (page, std::align_val_t{kPageBytes});
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
  if (spare_.empty()) {
    memory = ::operator new (kPageBytes, std::align_val_t{kPageBytes});
  } else {
    memory = spare_.back();
    spare_.pop_back();
  }
  static_assert(sizeof(Page) <= kGranule);
  auto* page = new (memory) Page;
  page->block_bytes = static_cast<uint32_t>(block_bytes);
  return page;
}

void Slab::ReturnPage(Page* page) {
  if (spare_.size() < kSparePages) {
    spare_.push_back(page);
  } else {
    ::operator delete (page, std::align_val_t{kPageBytes});
  }
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
