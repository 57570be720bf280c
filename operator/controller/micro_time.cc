// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/micro_time.h"

#include "absl/time/time.h"

namespace traffictap::controller {

std::string MicroTime(base::Nanos wall) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::FromUnixNanos(wall), absl::UTCTimeZone());
}

}  // namespace traffictap::controller
