// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tap_table.h"

#include <algorithm>

namespace traffictap::pipeline {

StatusOr<TapTablePtr> TapTable::Create(std::vector<tap::TapSpecPtr> specs,
                                       std::vector<uint64_t> ids) {
  auto filter = filter::EntryFilter::Create(specs);
  if (!filter.ok()) return filter.status();
  std::shared_ptr<TapTable> table(new TapTable);
  table->specs_ = std::move(specs);
  table->ids_ = std::move(ids);
  table->filter_ = *std::move(filter);
  for (size_t slot = 0; slot < table->specs_.size(); ++slot) {
    if (!table->specs_[slot]) continue;
    for (const auto& peer : table->specs_[slot]->known_peers) {
      if (peer.attached) table->attached_[{peer.ns, peer.workload}].Add(slot);
    }
  }
  return TapTablePtr(std::move(table));
}

traffic::TapSet TapTable::Targeting(const traffic::Node& node) const {
  traffic::TapSet out;
  for (size_t slot = 0; slot < specs_.size(); ++slot) {
    if (specs_[slot] && filter::TargetsNode(*specs_[slot], node)) out.Add(slot);
  }
  return out;
}

traffic::TapSet TapTable::Attached(const traffic::Node& node) const {
  const auto found = attached_.find({node.ns, node.workload});
  return found == attached_.end() ? traffic::TapSet() : found->second;
}

bool TapTable::Holds(uint64_t id) const {
  return std::find(ids_.begin(), ids_.end(), id) != ids_.end();
}

base::Nanos TapTable::Window(const traffic::TapSet& taps) const {
  base::Nanos longest = 0;
  taps.ForEach([&](size_t slot) {
    if (slot < specs_.size() && specs_[slot]) {
      longest = std::max(longest, specs_[slot]->pairing.window);
    }
  });
  return longest;
}

traffic::TapSet TapTable::Surviving(const traffic::TapSet& taps, const TapTable& older) const {
  traffic::TapSet out;
  taps.ForEach([&](size_t slot) {
    if (id(slot) != 0 && id(slot) == older.id(slot)) out.Add(slot);
  });
  return out;
}

}  // namespace traffictap::pipeline
