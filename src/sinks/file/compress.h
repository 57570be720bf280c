// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/status.h"
#include "tap/tap_spec.h"

namespace traffictap::sinks {

// ".gz", ".zst" or "".
const char* Extension(tap::Compression compression);

// Streams what `from` holds to `to`, compressed. Both descriptors stay open.
Status Compress(tap::Compression compression, int from, int to);

}  // namespace traffictap::sinks
