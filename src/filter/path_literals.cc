// SPDX-License-Identifier: Apache-2.0

// Of the prefixes in their order, those that a path begins with all begin the last one that is not behind
// the path: whatever lies between a text and what begins with it begins with it as well. So the search is
// for that one, and from there along `within`, past those that are longer than what it has in common
// with the path.
#include "filter/path_literals.h"

#include <algorithm>
#include <utility>

namespace traffictap::filter {

void PathLiterals::Add(const tap::PathMatch& match, size_t slot) {
  if (match.kind == tap::PathMatchKind::kExact) return exact_[match.value].Add(slot);
  prefixes_.push_back({match.value, {}, kNone});
  prefixes_.back().taps.Add(slot);
}

void PathLiterals::Compile() {
  std::sort(prefixes_.begin(), prefixes_.end(),
            [](const Prefix& a, const Prefix& b) { return a.text < b.text; });
  std::vector<Prefix> each;
  for (Prefix& prefix : std::exchange(prefixes_, {})) {
    if (!each.empty() && each.back().text == prefix.text) {
      each.back().taps |= prefix.taps;
      continue;
    }
    size_t within = each.empty() ? kNone : each.size() - 1;
    while (within != kNone && !prefix.text.starts_with(each[within].text)) {
      within = each[within].within;
    }
    prefix.within = within;
    each.push_back(std::move(prefix));
  }
  // A prefix comes behind those that it begins with.
  for (Prefix& prefix : each) {
    if (prefix.within != kNone) prefix.taps |= each[prefix.within].taps;
  }
  prefixes_ = std::move(each);
}

traffic::TapSet PathLiterals::Find(std::string_view path) const {
  traffic::TapSet out;
  if (!exact_.empty()) {
    const auto exact = exact_.find(path);
    if (exact != exact_.end()) out = exact->second;
  }
  const auto behind =
      std::upper_bound(prefixes_.begin(), prefixes_.end(), path,
                       [](std::string_view a, const Prefix& b) { return a < b.text; });
  if (behind == prefixes_.begin()) return out;
  auto found = static_cast<size_t>(behind - prefixes_.begin()) - 1;
  const std::string& text = prefixes_[found].text;
  const auto differ = std::mismatch(path.begin(), path.end(), text.begin(), text.end()).first;
  const auto common = static_cast<size_t>(differ - path.begin());
  while (found != kNone && prefixes_[found].text.size() > common) found = prefixes_[found].within;
  if (found != kNone) out |= prefixes_[found].taps;
  return out;
}

}  // namespace traffictap::filter
