// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace traffictap::base {

// FNV-1a with 64 bits (http://www.isthe.com/chongo/tech/comp/fnv): the same on every machine and in
// every version, for names and versions that outlive a process. `hash`: of what stands before `bytes`.
constexpr uint64_t Fnv1a(std::string_view bytes, uint64_t hash = 14695981039346656037ull) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return hash;
}

}  // namespace traffictap::base
