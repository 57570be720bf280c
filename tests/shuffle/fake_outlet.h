// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "shuffle/block_outlet.h"

namespace traffictap {

// Keeps the blocks until the test says that they are acknowledged.
class FakeOutlet final : public shuffle::BlockOutlet {
 public:
  Status Open() override {
    ++opens;
    return open_status;
  }
  void Send(uint32_t partition, std::string block, uint32_t count) override {
    bytes_ += block.size();
    counters_.sent += count;
    counters_.pending += count;
    sent.emplace_back(partition, std::move(block));
  }
  void Poll(base::Nanos) override {}
  void Close(base::Nanos) override {
    closed = true;
    counters_.closed = std::exchange(counters_.pending, 0);
  }
  size_t bytes() const override { return bytes_; }
  const shuffle::OutletCounters& counters() const override { return counters_; }
  Status status() const override { return now; }

  void AckAll() {
    counters_.acked += std::exchange(counters_.pending, 0);
    bytes_ = 0;
  }

  Status open_status;
  Status now;
  int opens = 0;
  bool closed = false;
  std::vector<std::pair<uint32_t, std::string>> sent;

 private:
  size_t bytes_ = 0;
  shuffle::OutletCounters counters_;
};

}  // namespace traffictap
