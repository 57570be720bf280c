// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

namespace traffictap::filter {

// A ratio keeps the requests whose id's hash is below this: the same on both sides, and before as
// after they are joined. The hash of "no id" is 0, which every ratio above 0 keeps.
inline uint64_t SamplingLimit(double ratio) {
  return ratio >= 1.0 ? UINT64_MAX : static_cast<uint64_t>(std::ldexp(ratio, 64));
}

}  // namespace traffictap::filter
