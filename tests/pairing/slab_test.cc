// SPDX-License-Identifier: Apache-2.0
#include "pairing/slab.h"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace traffictap {

using pairing::Slab;

struct Block {
  char* bytes;
  size_t size;
  char fill;
};

BOOST_AUTO_TEST_SUITE(slab)

BOOST_AUTO_TEST_CASE(blocks_are_aligned_apart_and_counted_by_class) {
  Slab slab;
  BOOST_TEST(slab.used_bytes() == 0u);
  void* small = slab.Allocate(1);
  BOOST_TEST(reinterpret_cast<uintptr_t>(small) % Slab::kGranule == 0u);
  BOOST_TEST(slab.used_bytes() == 32u);
  void* large = slab.Allocate(Slab::kBlockMax + 1);
  BOOST_TEST(slab.used_bytes() == 32u + 4128u);
  slab.Free(small, 1);
  slab.Free(large, Slab::kBlockMax + 1);
  BOOST_TEST(slab.used_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_freed_block_is_used_again) {
  Slab slab;
  void* first = slab.Allocate(700);
  slab.Free(first, 700);
  void* second = slab.Allocate(690);
  BOOST_TEST(first == second);
  slab.Free(second, 690);
}

// As the kernel counts it: pages lie side by side, and those that nobody uses are given back.
BOOST_AUTO_TEST_CASE(many_blocks_take_little_more_than_themselves_and_give_it_back) {
  constexpr size_t kBlocks = 100'000;
  constexpr size_t kSize = 480;
  const auto resident = [] {
    size_t pages = 0;
    std::ifstream("/proc/self/statm").ignore(64, ' ') >> pages;
    return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  };
  std::vector<void*> blocks(kBlocks);
  Slab slab;
  const size_t before = resident();
  for (void*& block : blocks) block = std::memset(slab.Allocate(kSize), 1, kSize);
  const size_t taken = resident() - before;
  BOOST_TEST(taken > kBlocks * kSize);
  BOOST_TEST(taken < kBlocks * kSize * 105 / 100);
  for (void* block : blocks) slab.Free(block, kSize);
  BOOST_TEST(resident() - before < kBlocks * kSize / 5);
}

BOOST_AUTO_TEST_CASE(random_use_never_hands_out_a_byte_twice) {
  std::mt19937 random(3);
  Slab slab;
  std::vector<Block> blocks;
  for (int i = 0; i < 60'000; ++i) {
    if (blocks.empty() || (random() % 5 != 0 && blocks.size() < 3'000)) {
      const size_t size = 1 + random() % (random() % 50 == 0 ? 20'000 : 1'500);
      Block block{static_cast<char*>(slab.Allocate(size)), size, static_cast<char>(random())};
      std::memset(block.bytes, block.fill, size);
      blocks.push_back(block);
      continue;
    }
    std::swap(blocks[random() % blocks.size()], blocks.back());
    const Block block = blocks.back();
    blocks.pop_back();
    BOOST_REQUIRE_EQUAL(std::string(block.bytes, block.size), std::string(block.size, block.fill));
    slab.Free(block.bytes, block.size);
  }
  for (const Block& block : blocks) slab.Free(block.bytes, block.size);
  BOOST_TEST(slab.used_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(after_a_peak_it_goes_on_with_the_pages_that_kept_their_memory) {
  constexpr size_t kSize = 480;
  Slab slab;
  std::vector<void*> blocks(30'000);  // some 220 pages
  const auto turn = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) blocks[i] = std::memset(slab.Allocate(kSize), 1, kSize);
    for (size_t i = 0; i < count; ++i) slab.Free(blocks[i], kSize);
  };
  const auto faults = [] {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt;
  };
  turn(blocks.size());
  turn(1'000);
  const auto before = faults();
  for (int i = 0; i < 50; ++i) turn(1'000);
  BOOST_TEST(faults() - before < 100);  // each page again and again: thousands
}

// Regions are sparse: huge pages would fill them in.
BOOST_AUTO_TEST_CASE(its_memory_takes_no_huge_pages) {
  if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage/enabled")) return;
  Slab slab;
  void* const block = slab.Allocate(480);
  const auto at = reinterpret_cast<uintptr_t>(block);
  std::ifstream maps("/proc/self/smaps");
  bool here = false, found = false;
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) here = begin <= at && at < end;
    if (here && line.starts_with("VmFlags:")) {
      found = (line + " ").find(" nh ") != std::string::npos;
    }
  }
  BOOST_TEST(found);
  slab.Free(block, 480);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
