// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tap/match_spec.h"

// A tap whose records are held in a ring, and given to its outputs around an event alone.
namespace traffictap::tap {

enum class TriggerType { kErrorRatio, kLatency, kWebhook };

// What makes a dump. Only records of ended requests count; one trigger fires once for each time that
// its condition becomes true.
struct RecorderTrigger {
  std::string name;  // unique within the recorder
  TriggerType type = TriggerType::kErrorRatio;
  double ratio = 0.05;                    // ErrorRatio: of failed requests, from here
  double quantile = 0.99;                 // Latency
  base::Nanos above = base::kSecond;      // Latency: what the quantile must exceed
  base::Nanos over = 10 * base::kSecond;  // of both: the time that is looked at
  uint64_t min_requests = 50;             // `minRequests`: fewer tell nothing
  std::vector<PathMatch> paths;           // only these requests count; empty: all

  friend bool operator==(const RecorderTrigger&, const RecorderTrigger&) = default;
};

struct RecorderSpec {
  base::Nanos before = 300 * base::kSecond;  // of an event: what of the ring is dumped
  base::Nanos after = 60 * base::kSecond;    // how long a dump goes on
  uint64_t bytes_max = 64 << 20;             // `size`: of the ring, in the collector's memory
  std::vector<RecorderTrigger> triggers;

  friend bool operator==(const RecorderSpec&, const RecorderSpec&) = default;
};

// The bounds of `before` and `after`, in a spec and in a request for a dump.
inline constexpr base::Nanos kRecorderTimeMin = base::kSecond;
inline constexpr base::Nanos kRecorderTimeMax = 3600 * base::kSecond;

}  // namespace traffictap::tap
