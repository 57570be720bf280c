// SPDX-License-Identifier: Apache-2.0
#include "observe/summary.h"

#include <algorithm>

#include "observe/reduce_record.h"

namespace traffictap::observe {
namespace {

constexpr size_t kRecordsPerRead = 4096;

void AddTap(const LiveHub& hub, const std::string& tap, uint64_t from, base::Nanos end,
            const SummaryRequest& request, const Access& access, TrafficSummary* out) {
  for (bool more = true; more;) {
    const auto part = hub.Read(tap, from, kRecordsPerRead);
    if (!part.ok()) return;
    for (const auto& batch : part->batches) {
      if (batch.published > end) return;
      const size_t skip = part->begin > batch.first ? part->begin - batch.first : 0;
      for (size_t i = skip; i < batch.records->size(); ++i) {
        auto pair = batch.records->pair(i);
        const auto visibility = VisibilityOf(pair, access, nullptr);
        if (visibility == Visibility::kNothing) continue;
        if (visibility == Visibility::kOneSide) pair = VisibleSide(pair, access);
        if (request.filter && !request.filter->Matches(pair)) continue;
        out->Add(pair, request.taps.size() > 1);
      }
    }
    more = part->more && part->next > from;
    from = part->next;
  }
}

}  // namespace

std::string SummaryJson(const LiveHub& hub, const SummaryRequest& request, const Access& access,
                        base::Nanos end) {
  TrafficSummary summary(request.by);
  base::Nanos begin = end;
  for (const auto& tap : request.taps) {
    const auto counters = hub.counters(tap);
    const auto from = hub.OrdinalAt(tap, end - request.window);
    if (!counters.ok() || !from.ok()) continue;
    // Nothing was dropped: the window is as long as asked, whatever came in it.
    const base::Nanos reach = counters->dropped == 0 ? 0 : counters->oldest;
    const auto started = static_cast<base::Nanos>(hub.epoch());
    begin = std::min(begin, std::max({end - request.window, reach, started}));
    AddTap(hub, tap, *from, end, request, access, &summary);
  }
  return summary.Render(end - begin, request.mergeable);
}

}  // namespace traffictap::observe
