// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"
#include "fakes/memory_disk.h"
#include "fmt/format.h"
#include "sinks/spool/spool.h"

namespace traffictap {

// A spool on a directory in memory, in one life after the other. Its blocks are texts such as "7",
// padded, of one record each unless said otherwise.
struct SpoolTest {
  SpoolTest() {
    options.clock = &clock;
    options.bytes_max = 80'000;
    options.segment_bytes_min = 100;
  }

  // A new life, opened.
  sinks::Spool& Make() {
    spool.reset();
    directory.Kill();
    spool =
        std::make_unique<sinks::Spool>(std::make_unique<fakes::MemoryDisk>(&directory), options);
    BOOST_TEST(spool->Open().ok());
    return *spool;
  }
  Status Put(int number, uint32_t records = 1) {
    return spool->Append(fmt::format("{:<100}", number), records);
  }
  void PutAll(int first, int count) {
    for (int i = 0; i < count; ++i) BOOST_TEST(Put(first + i).ok());
  }
  // The number of the next block, acknowledged or not; -1: there is none.
  int Take(bool ack = true) {
    const auto block = spool->Read();
    BOOST_REQUIRE(block.ok());
    if (!*block) return -1;
    end = (*block)->end;
    if (ack) BOOST_TEST(spool->Ack(end).ok());
    return std::stoi((*block)->bytes);
  }
  std::vector<int> TakeAll(bool ack = true) {
    std::vector<int> out;
    for (int next = Take(ack); next >= 0; next = Take(ack)) out.push_back(next);
    return out;
  }
  bool Balances() const {
    const auto c = spool->counters();
    return c.recovered + c.appended == c.acked + c.full + c.expired + c.damaged + c.held;
  }
  std::vector<std::string> Segments() const {
    std::vector<std::string> out;
    for (const auto& [name, file] : directory.files) {
      if (name.ends_with(".segment")) out.push_back(name);
    }
    return out;
  }

  fakes::ManualClock clock;
  fakes::MemoryDirectory directory;
  sinks::SpoolOptions options;
  std::unique_ptr<sinks::Spool> spool;
  sinks::SpoolPosition end;
};

}  // namespace traffictap
