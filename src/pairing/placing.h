// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace traffictap::pairing {

// A number that nobody outside of this process knows; the same as long as it runs. Odd.
uint64_t Secret();

// Where a key goes in a table. Keys are hashes, but of what a client chooses, such as the id and the
// path of a request, and by functions that everybody can read. Placed by its bits alone, a client could
// have all its requests meet in one place, and each look-up there would take as long as they are many.
// Multiplied by a secret, two keys meet about as seldom as random ones do, whichever they are
// (multiply-shift: Dietzfelbinger, Hagerup, Katajainen, Penttonen, "A reliable randomized algorithm for
// the closest-pair problem", 1997).
class Placing {
 public:
  // `places`: a power of two, at least 2. `secret`: odd.
  explicit Placing(size_t places, uint64_t secret = Secret())
      : shift_(64 - std::countr_zero(places)), secret_(secret) {}

  size_t Of(uint64_t key) const { return static_cast<size_t>((key * secret_) >> shift_); }

 private:
  int shift_;
  uint64_t secret_;
};

}  // namespace traffictap::pairing
