// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace traffictap::traffic {

// Each bit of `word` changes about half of the bits of what comes out (the last step of SplitMix64), and no
// two words come out the same. The same on every machine and in every version.
constexpr uint64_t MixBits(uint64_t word) {
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ULL;
  word = (word ^ (word >> 27)) * 0x94d049bb133111ebULL;
  return word ^ (word >> 31);
}

}  // namespace traffictap::traffic
