// SPDX-License-Identifier: Apache-2.0
#include "base/rfc3339.h"

#include "absl/time/time.h"

namespace traffictap::base {
namespace {

constexpr int64_t kSecondsMax = 9'000'000'000;

}  // namespace

std::optional<Nanos> ParseRfc3339(const std::string& text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return std::nullopt;
  if (time < absl::UnixEpoch() || time > absl::FromUnixSeconds(kSecondsMax)) return std::nullopt;
  return absl::ToUnixNanos(time);
}

std::string FormatRfc3339(Nanos since_epoch) {
  return std::string(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixNanos(since_epoch),
                                      absl::UTCTimeZone()));
}

}  // namespace traffictap::base
