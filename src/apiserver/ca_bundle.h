// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/clock.h"

namespace traffictap::apiserver {

// The certificates that the API server should trust: `own`, and of `bundle` the newest others that
// have not expired and have the same subject, at most kEarlierMax: those of a collector that is
// being replaced, or that connections still use. PEM texts; what cannot be read of `bundle` is left
// out.
std::string MergeCaBundle(const std::string& bundle, const std::string& own, base::Nanos now);
constexpr size_t kEarlierMax = 3;

}  // namespace traffictap::apiserver
