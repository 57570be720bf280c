// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace traffictap::pairing {

// When a half came and how long it waits, by whatever clock its pairer goes; and where its caller can
// find it again, which the pairer only hands back (0: nowhere).
struct HalfTime {
  base::Nanos arrival = 0;
  base::Nanos window = 0;
  uint64_t position = 0;
};

}  // namespace traffictap::pairing
