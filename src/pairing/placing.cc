// SPDX-License-Identifier: Apache-2.0
#include "pairing/placing.h"

#include <sys/random.h>

namespace traffictap::pairing {
namespace {

uint64_t Draw() {
  uint64_t out = 0;
  // Where the kernel has none to give, the address at which the process was loaded is one of many.
  if (getrandom(&out, sizeof out, 0) != static_cast<ssize_t>(sizeof out)) {
    out = reinterpret_cast<uintptr_t>(&Draw);
  }
  return out | 1;
}

}  // namespace

uint64_t Secret() {
  static const uint64_t secret = Draw();
  return secret;
}

}  // namespace traffictap::pairing
