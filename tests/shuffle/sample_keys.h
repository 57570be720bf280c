// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "shuffle/block_cipher.h"

namespace traffictap {

// 32 bytes of 1, and of 2, as a file of keys has them.
inline const std::string kKeyOfOnes = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
inline const std::string kKeyOfTwos = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

// A key whose bytes ascend from `first`.
inline std::string SampleKey(char first) {
  std::string out;
  for (int i = 0; i < 32; ++i) out += static_cast<char>(first + i);
  return out;
}

inline shuffle::BlockKeys SampleKeys(const std::string& id = "2026-11", char first = 0) {
  return {id, {{id, SampleKey(first)}}};
}

inline std::shared_ptr<shuffle::BlockCipher> MakeCipher(
    shuffle::BlockKeys keys = SampleKeys(), bool accept_plain = false,
    const std::string& topic = "traffictap.halves") {
  return std::make_shared<shuffle::BlockCipher>(shuffle::BlockCipherOptions{topic, accept_plain},
                                                std::move(keys));
}

}  // namespace traffictap
