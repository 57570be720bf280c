// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "pairing/hot_ids.h"
#include "pairing/remote_proxies.h"
#include "shuffle/block_cipher.h"
#include "traffic/tap_set.h"

namespace traffictap::shuffle {

// How far an output is: what it was offered, and what of it is delivered, dropped or kept on disk.
struct OutputProgress {
  uint64_t offered = 0;
  uint64_t settled = 0;
};
using OutputsProgress = std::map<std::string, OutputProgress>;  // by the output's name

struct GroupMemberOptions {
  size_t waiting_bytes_max = size_t{512} << 20;      // of all partitions together
  base::Nanos checkpoint_interval = base::kSecond;   // of what a kill repeats
  base::Nanos outputs_wait = 10 * base::kSecond;     // a checkpoint waits as long for them
  base::Nanos transaction_wait = 4 * base::kSecond;  // the same of one with a transaction
  base::Nanos release_wait = 2 * base::kSecond;      // the same when partitions go
  base::Nanos careful_wait = base::kSecond;          // the same for what a single block made
  base::Nanos retry_wait = 2 * base::kSecond;        // until the log is opened again
  // These five as PartitionPairerOptions'.
  std::shared_ptr<BlockCipher> cipher;
  std::function<traffic::TapSet(std::span<const uint64_t>)> taps;
  std::function<bool(const std::vector<std::vector<uint64_t>>&, base::Nanos)> waits =
      [](const auto&, base::Nanos) { return false; };
  pairing::HotIds* hot_ids = nullptr;
  pairing::RemoteProxies* proxies = nullptr;
  std::function<OutputsProgress()> outputs;
  // Told before what a message brings: so much later it was appended than the one before it in its
  // partition, of as many that the member owns.
  std::function<void(base::Nanos passed, size_t owned)> time_passed = [](base::Nanos, size_t) {};
};

}  // namespace traffictap::shuffle
