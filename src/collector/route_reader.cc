#include "collector/route_reader.h"

#include <set>
#include <utility>

#include "fmt/format.h"
#include "tap/parse_tap.h"

namespace traffictap::collector {
namespace {

StatusOr<tap::TapSpecPtr> ReadRoute(const v1::Route& route) {
  const auto parsed = tap::ParseTaps(route.tap(), route.document());
  if (!parsed.errors.empty()) return absl::InvalidArgumentError(parsed.errors[0].ToString());
  if (parsed.taps.size() != 1 || parsed.taps[0]->key() != route.tap()) {
    return absl::InvalidArgumentError(
        fmt::format("route \"{}\": its document is not that one tap: operator and collector do not "
                    "fit together",
                    route.tap()));
  }
  return parsed.taps[0];
}

}  // namespace

RouteReader::Reading RouteReader::Read(const v1::RouteSnapshot& snapshot) {
  Reading out;
  std::set<std::string> present;
  for (const auto& route : snapshot.routes()) {
    if (!present.insert(route.tap()).second) continue;
    auto spec = ReadRoute(route);
    if (spec.ok()) {
      good_[route.tap()] = {*std::move(spec), route.uid(), route.generation()};
    } else {
      out.faults.push_back({route.tap(), spec.status()});
    }
    const auto found = good_.find(route.tap());
    if (found != good_.end()) out.taps.push_back(found->second.spec);
  }
  std::erase_if(good_, [&](const auto& entry) { return !present.contains(entry.first); });
  return out;
}

void RouteReader::Identify(v1::CollectorReport* report) const {
  for (auto& tap : *report->mutable_taps()) {
    const auto found = good_.find(tap.tap());
    if (found == good_.end()) continue;
    tap.set_uid(found->second.uid);
    tap.set_generation(found->second.generation);
  }
}

}  // namespace traffictap::collector
