// SPDX-License-Identifier: Apache-2.0
#include "als/session_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace traffictap {
namespace {

using als::SessionMemory;

constexpr size_t kFrame = 16'394;  // what nghttp2 takes for one

// How many of the pages that hold the block are resident.
size_t ResidentPages(const void* block, size_t bytes) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t at = reinterpret_cast<uintptr_t>(block);
  const uintptr_t begin = at / page * page;
  std::vector<unsigned char> pages((at + bytes - begin + page - 1) / page);
  BOOST_REQUIRE(mincore(reinterpret_cast<void*>(begin), pages.size() * page, pages.data()) == 0);
  return static_cast<size_t>(
      std::count_if(pages.begin(), pages.end(), [](unsigned char one) { return (one & 1) != 0; }));
}

bool Holds(const void* block, char value, size_t bytes) {
  const auto* const begin = static_cast<const char*>(block);
  return std::all_of(begin, begin + bytes, [&](char one) { return one == value; });
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(session_memory, SessionMemory)

BOOST_AUTO_TEST_CASE(a_large_block_is_resident_only_where_it_was_touched) {
  void* const frame = Reallocate(nullptr, kFrame);
  std::memset(frame, 1, 100);
  BOOST_TEST(ResidentPages(frame, kFrame) == 1u);
  Free(frame);
}

BOOST_AUTO_TEST_CASE(blocks_of_any_size_are_apart_from_each_other_and_keep_what_is_written) {
  // Together more than the region.
  std::vector<std::pair<void*, size_t>> blocks;
  for (const size_t size : {1ul, 3'001ul, 100ul, 5'000ul, kFrame, 2'048ul, kFrame, 100'000ul}) {
    blocks.emplace_back(Allocate(size), size);
    BOOST_TEST(reinterpret_cast<uintptr_t>(blocks.back().first) % alignof(std::max_align_t) == 0u);
    std::memset(blocks.back().first, static_cast<int>(blocks.size()), size);
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    BOOST_TEST(Holds(blocks[i].first, static_cast<char>(i + 1), blocks[i].second));
    Free(blocks[i].first);
  }
  Free(nullptr);
}

BOOST_AUTO_TEST_CASE(what_was_asked_for_as_zero_is_zero) {
  void* const used = Allocate(kFrame);
  std::memset(used, 1, kFrame);
  Free(used);
  for (const size_t count : {1u, 256u, 1'000u}) {
    void* const block = AllocateZeroed(count, 16);
    BOOST_TEST(Holds(block, 0, count * 16));
    Free(block);
  }
}

BOOST_AUTO_TEST_CASE(a_block_that_changes_its_size_keeps_its_bytes) {
  void* block = nullptr;
  size_t before = 0;
  for (const size_t size : {100ul, 3'000ul, 2'500ul, 6'000ul, kFrame, 100'000ul, 10ul}) {
    block = Reallocate(block, size);
    BOOST_TEST(Holds(block, 7, std::min(before, size)));
    std::memset(block, 7, size);
    before = size;
  }
  Free(block);
  // The same from a block that began as a large one.
  block = Reallocate(nullptr, 3'000);
  std::memset(block, 8, 3'000);
  for (const size_t size : {4'000ul, 2'500ul, 100'000ul}) {
    block = Reallocate(block, size);
    BOOST_TEST(Holds(block, 8, 2'500));
  }
  Free(block);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
