// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "pipeline/pattern_time.h"
#include "pipeline/tap_table.h"
#include "redaction/half_mask.h"
#include "traffic/packed_entry.h"

namespace traffictap::roles {

// Leaves of each half what the taps that admitted it need, before it goes into the log. The patterns of
// matches that this has to try have the time that all patterns have (pipeline/pattern_time.h). Used by one
// thread, but for over_budget().
class HalfMasks {
 public:
  // `clock` outlives it.
  explicit HalfMasks(const base::Clock* clock) : pattern_time_(clock) {}

  // Of the entries from now on.
  void UseTable(pipeline::TapTablePtr table);
  // The same; after UseTable.
  void UseTaps(const traffic::TapSet& taps);
  // What may be sent of `entry`: itself, or a copy that is valid until the next call.
  const traffic::PackedEntry& Mask(const traffic::PackedEntry& entry);

  // Entries of which a pattern had no time to tell what its match needs, so that it was hidden.
  uint64_t over_budget() const { return over_budget_; }

 private:
  using Slots = std::vector<size_t>;
  // One tap's, made when it is first needed.
  struct OfTap {
    std::unique_ptr<pipeline::PatternTime::Account> time;
    std::unique_ptr<redaction::TapNeeds> needs;
  };
  const redaction::TapNeeds* NeedsOf(size_t slot);
  void EndRecord();

  pipeline::PatternTime pattern_time_;
  pipeline::TapTablePtr table_;
  std::vector<OfTap> taps_;  // by slot
  std::map<Slots, std::unique_ptr<redaction::HalfMask>> masks_;
  Slots slots_;                          // of the entry in hand
  redaction::HalfMask* mask_ = nullptr;  // of these
  std::vector<uint64_t> packed_;         // the copy
  std::atomic<uint64_t> over_budget_{0};
};

}  // namespace traffictap::roles
