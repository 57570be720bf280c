// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "traffic/traffic_pair.h"

namespace traffictap::observe {

// Rates, errors and latencies per edge (source → destination) and per route (edge, method, path
// without identifiers), at most kGroupsMax groups of each kind: the busiest; the rest is counted. A
// record counts as the requests that it stands for (TrafficPair::weight).
// Not thread-safe.
class TrafficSummary {
 public:
  // Groups beside edges and routes: pairs of zones, of versions of workloads, or of pods. An end that
  // did not report itself has none.
  enum class By { kNothing, kZone, kVersion, kPod };

  explicit TrafficSummary(By by = By::kNothing);
  ~TrafficSummary();

  // A stream counts when it has ended, not while it is open: so it counts once, with its whole time.
  // With `once`, a request that several taps show counts once; it is remembered by its entries'
  // nodes, which must stay where they are.
  void Add(const traffic::TrafficPair& pair, bool once);
  // One JSON object (observe/README.md) with its line end; `covered` is the time that the records
  // are of. `mergeable`: each latency has `buckets` too, those of a LatencyHistogram. Once, at the end.
  std::string Render(base::Nanos covered, bool mergeable = false);

 private:
  class State;
  std::unique_ptr<State> state_;
};
constexpr size_t kGroupsMax = 500;

// "/cart/42/items" → "/cart/{id}/items": segments that are numbers, UUIDs or long hexadecimal text.
std::string PathTemplate(std::string_view path);

}  // namespace traffictap::observe
