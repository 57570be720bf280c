// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>

#include "pairing/pair_key.h"
#include "pairing/recent_keys.h"

namespace traffictap::pairing {

// The streams that have ended lately, so that a periodic entry that was overtaken by the end does not
// open its stream again. Takes no memory before the first periodic entry. After it a last entry takes
// a look-up, but for a request that was shorter than any stream that a periodic entry told of; and once
// a periodic entry came without a duration, as those of many Envoys do, every last entry takes one.
// Not thread-safe.
class EndedStreams {
 public:
  // `always`: remembers every stream, from the first one on.
  EndedStreams(size_t streams_max, bool always) : streams_max_(streams_max) {
    if (!always) return;
    ended_ = std::make_unique<RecentKeys>(streams_max_);
    youngest_ = 0;
  }

  // Of a periodic entry: its stream goes on, as far as is known.
  bool GoesOn(const traffic::PackedEntry& open) {
    if (!ended_) ended_ = std::make_unique<RecentKeys>(streams_max_);
    youngest_ = std::min(youngest_, open.facts.duration);
    return !ended_->Contains(StreamKey(open));
  }

  // Of a last entry: remembers it. False where no periodic entry can have come of its stream.
  bool End(const traffic::PackedEntry& last) {
    const base::Nanos duration = last.facts.duration;
    const bool brief = duration != traffic::kAbsent && duration < youngest_;
    if (!ended_ || brief || !EndsStream(last)) return false;
    ended_->Insert(StreamKey(last));
    return true;
  }

 private:
  const size_t streams_max_;
  std::unique_ptr<RecentKeys> ended_;
  base::Nanos youngest_ = INT64_MAX;
};

}  // namespace traffictap::pairing
