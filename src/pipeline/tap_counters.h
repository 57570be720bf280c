// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "traffic/traffic_pair.h"

namespace traffictap::pipeline {

// A tap's counters: records = offered + filtered + sampled + dropped_orphans + limited +
// match_over_budget. `offered` went to every output whose own match holds, or to the tap's recorder,
// of which recorded = overwritten + dumped + what it holds: RecorderState::records.
struct TapCounters {
  uint64_t records = 0;
  uint64_t offered = 0;
  uint64_t filtered = 0;
  uint64_t sampled = 0;
  uint64_t dropped_orphans = 0;  // pairing.orphans: Drop
  uint64_t limited = 0;          // over maxRecords, maxRecordsPerSecond, or outside the tap's time
  uint64_t match_over_budget = 0;      // undecided: no time was left for the regexes of a match
  uint64_t redaction_over_budget = 0;  // of offered: texts are withheld for want of time
  uint64_t open = 0;         // of offered: streams that have not ended, in none of the next three
  uint64_t recorded = 0;     // of offered: held by the recorder, as some output wants them
  uint64_t overwritten = 0;  // of recorded: made room for newer ones, or ended with the recorder
  uint64_t dumped = 0;       // of recorded: given to the outputs
  uint64_t dumps = 0;        // begun
  std::array<uint64_t, traffic::kVerdictCount> verdicts{};      // of offered
  std::array<uint64_t, traffic::kVerdictCount> requests{};      // that these stand for: by weight
  std::array<uint64_t, traffic::kOrphanReasonCount> orphans{};  // of offered; [kNone] are pairs

  static void Visit(auto visit, auto&... counters) {
    visit("records", "", counters.records...);
    visit("offered", "", counters.offered...);
    visit("filtered", "", counters.filtered...);
    visit("sampled", "", counters.sampled...);
    visit("dropped_orphans", "", counters.dropped_orphans...);
    visit("limited", "", counters.limited...);
    visit("match_over_budget", "", counters.match_over_budget...);
    visit("redaction_over_budget", "", counters.redaction_over_budget...);
    visit("open", "", counters.open...);
    visit("recorded", "", counters.recorded...);
    visit("overwritten", "", counters.overwritten...);
    visit("dumped", "", counters.dumped...);
    visit("dumps", "", counters.dumps...);
    for (size_t i = 0; i < traffic::kVerdictCount; ++i) {
      visit("verdicts", ToString(static_cast<traffic::Verdict>(i)), counters.verdicts[i]...);
    }
    for (size_t i = 0; i < traffic::kVerdictCount; ++i) {
      visit("requests", ToString(static_cast<traffic::Verdict>(i)), counters.requests[i]...);
    }
    visit("pairs", "", counters.orphans[0]...);
    for (size_t i = 1; i < traffic::kOrphanReasonCount; ++i) {
      visit("orphans", ToString(static_cast<traffic::OrphanReason>(i)), counters.orphans[i]...);
    }
  }
};

}  // namespace traffictap::pipeline
