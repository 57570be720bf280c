// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "filter/entry_filter.h"
#include "tap/tap_spec.h"
#include "traffic/tap_set.h"

namespace traffictap::pipeline {

// Which tap has which slot, and the filter over all of them: one immutable snapshot. Stream threads
// test entries against the snapshot that is current; a tap keeps its slot through every snapshot it
// is in.
class TapTable {
 public:
  // `specs[slot]` is null for a free slot. `ids[slot]` names the tap's life: a tap that is removed
  // and later comes back, or a different tap in the same slot, has another id.
  static StatusOr<std::shared_ptr<const TapTable>> Create(std::vector<tap::TapSpecPtr> specs,
                                                          std::vector<uint64_t> ids);

  // The taps that target `node`: linear in their number, so once per stream and snapshot. Those that
  // have it attached as a peer. And both.
  traffic::TapSet Targeting(const traffic::Node& node) const;
  traffic::TapSet Attached(const traffic::Node& node) const;
  traffic::TapSet Candidates(const traffic::Node& node) const {
    return Targeting(node) | Attached(node);
  }

  const filter::EntryFilter& filter() const { return *filter_; }
  const std::vector<tap::TapSpecPtr>& specs() const { return specs_; }
  uint64_t id(size_t slot) const { return slot < ids_.size() ? ids_[slot] : 0; }
  // Whether a tap of this life is in force.
  bool Holds(uint64_t id) const;

  // The longest pairing window of `taps`; one that is not here counts for nothing.
  base::Nanos Window(const traffic::TapSet& taps) const;
  // The members of `taps` that are the same taps here as in `older`.
  traffic::TapSet Surviving(const traffic::TapSet& taps, const TapTable& older) const;

 private:
  TapTable() = default;

  std::vector<tap::TapSpecPtr> specs_;
  std::vector<uint64_t> ids_;
  std::map<std::pair<std::string, std::string>, traffic::TapSet> attached_;  // namespace, workload
  std::unique_ptr<filter::EntryFilter> filter_;
};

using TapTablePtr = std::shared_ptr<const TapTable>;

}  // namespace traffictap::pipeline
