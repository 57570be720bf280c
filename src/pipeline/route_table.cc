#include "pipeline/route_table.h"

#include <algorithm>

namespace traffictap::pipeline {

StatusOr<RouteTablePtr> RouteTable::Create(std::vector<tap::TapSpecPtr> specs,
                                           std::vector<uint64_t> ids) {
  auto filter = filter::EntryFilter::Create(specs);
  if (!filter.ok()) return filter.status();
  std::shared_ptr<RouteTable> table(new RouteTable);
  table->specs_ = std::move(specs);
  table->ids_ = std::move(ids);
  table->filter_ = *std::move(filter);
  return RouteTablePtr(std::move(table));
}

traffic::TapSet RouteTable::Candidates(const traffic::Node& node) const {
  traffic::TapSet out;
  for (size_t slot = 0; slot < specs_.size(); ++slot) {
    if (specs_[slot] && filter::TargetsNode(*specs_[slot], node)) out.Add(slot);
  }
  return out;
}

bool RouteTable::Holds(uint64_t id) const {
  return std::find(ids_.begin(), ids_.end(), id) != ids_.end();
}

base::Nanos RouteTable::Window(const traffic::TapSet& taps) const {
  base::Nanos longest = 0;
  taps.ForEach([&](size_t slot) {
    if (slot < specs_.size() && specs_[slot]) {
      longest = std::max(longest, specs_[slot]->pairing.window);
    }
  });
  return longest;
}

traffic::TapSet RouteTable::Surviving(const traffic::TapSet& taps, const RouteTable& older) const {
  traffic::TapSet out;
  taps.ForEach([&](size_t slot) {
    if (id(slot) != 0 && id(slot) == older.id(slot)) out.Add(slot);
  });
  return out;
}

}  // namespace traffictap::pipeline
