// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "shuffle/block_cipher.h"
#include "tap/output_spec.h"

namespace traffictap::shuffle {

// Receivers and pairers of one installation agree on all of this but `member` and memory.
struct ShuffleSettings {
  // The cluster, how it is reached, and `topic`: that of the halves. What it says of records is not
  // used.
  tap::KafkaOutput cluster;
  std::string checkpoints = "traffictap.checkpoints";  // the topic of the pairers' state
  std::string proxies = "traffictap.proxies";          // the topic of what receivers say of proxies
  std::string group = "traffictap";                    // the pairers' consumer group
  std::string member;        // this process: the beginning of a receiver's name
  uint32_t partitions = 64;  // of the topics of halves and checkpoints
  // Of a pairer: records on their way to Kafka in a transaction.
  size_t transaction_bytes_max = size_t{256} << 20;
  // Null: blocks are plain. Used by the thread that makes them, or reads them.
  std::shared_ptr<BlockCipher> cipher;
  // The same for what is said of proxies.
  std::shared_ptr<BlockCipher> proxies_cipher;
};

}  // namespace traffictap::shuffle
