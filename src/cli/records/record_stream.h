// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "cli/records/cluster.h"
#include "cli/shell/command.h"

namespace traffictap::cli {

// Whether the taps go on, where the stream says that it has none of them: a collector that starts
// anew does not know them yet. Null: they do not.
using StillInForce = std::function<bool()>;

struct RecordStreamOptions {
  std::vector<std::pair<std::string, std::string>> query;  // tap, since or after, filters
  bool follow = true;
  base::Nanos backoff = 500 * base::kMillisecond;  // before a broken connection is made anew
  base::Nanos give_up = 60 * base::kSecond;        // without one that answers
  StillInForce still_in_force = nullptr;
  // What may wait for an output that is slower than the stream. Beyond it the stream is let go and
  // read on from there later: the collector's backlog waits, not our memory.
  size_t waiting_bytes_max = size_t{64} << 20;
};

struct RecordStreamHandlers {
  // One record as it came. An error ends the stream with it; kCancelled that of `max` as well.
  std::function<Status(std::string_view line)> on_record;
  // So many records of a tap were lost before they were read.
  std::function<void(const std::string& tap, uint64_t count)> on_gap;
  // Everything before this position came: a query with it as `after` goes on from here. May be null.
  std::function<void(const std::string& position)> on_position = nullptr;
};

// Reads records of the live stream until it ends, over connections that break: it goes on after the
// last position, so that nothing comes twice and what is lost is told by on_gap. Returns why the
// stream ended ("BacklogRead", "TapsGone"); kPermissionDenied: the right was revoked; kCancelled:
// session.stop; kUnavailable: the connection did not come back.
StatusOr<std::string> ReadRecords(const Cluster& cluster, const RecordStreamOptions& options,
                                  const RecordStreamHandlers& handlers, Session& session);

// What a person is told of such a loss.
void SayGap(const std::string& tap, uint64_t count, Console* console);

}  // namespace traffictap::cli
