// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace traffictap::als {

// Tells why a proxy has sent a message. Envoy sends what it has gathered when its buffer is full, and
// when its timer is due, every 0.2 s or 1 s. After the latter nothing is to come until the next time,
// unless the buffer fills: how large it is the proxy does not say. Of one stream.
class FlushSizes {
 public:
  static constexpr size_t kBufferMin = size_t{16} << 10;  // Envoy's, where nobody asks for more

  // Whether the timer has sent this message, of whose bytes so many are entries.
  bool IsTimers(size_t bytes) {
    largest_ = std::max(largest_, static_cast<uint32_t>(std::min<size_t>(bytes, UINT32_MAX)));
    // What fills a buffer goes beyond it by an entry at most.
    return bytes < kBufferMin || bytes < largest_ - largest_ / 8;
  }

 private:
  uint32_t largest_ = 0;  // message
};

}  // namespace traffictap::als
