// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/drains.h"

#include <algorithm>
#include <map>
#include <set>

#include "fmt/format.h"
#include "operator/plan/attachment_name.h"
#include "operator/plan/wording.h"
#include "tap/values.h"

namespace traffictap::plan {
namespace {

std::vector<const Pod*> ProxiesOf(const MeshIndex& index, const Attachment& at) {
  std::vector<const Pod*> out;
  for (const Workload& workload : index.WorkloadsOf(at.ns)) {
    std::copy_if(workload.pods.begin(), workload.pods.end(), std::back_inserter(out),
                 [&](const Pod* pod) { return IsUnder(at, *pod); });
  }
  return out;
}

struct Filters {
  bool http = false;
  bool tcp = false;
  bool any() const { return http || tcp; }
};

// Istio puts a Telemetry's provider on every filter.
Filters FiltersOf(const Patch& patch) {
  const bool all = patch.mechanism == Mechanism::kTelemetry;
  return {patch.http || all, patch.tcp || all};
}

// Whose configuration differs between two versions of one patch.
Filters ChangedOf(const Patch& now, const StandingPatch& standing) {
  const Patch& old = standing.patch;
  if (now.mechanism == Mechanism::kTelemetry) return {!standing.intact, !standing.intact};
  const bool moved = !standing.intact || old.at.selector != now.at.selector ||
                     old.at.targets != now.at.targets || old.collector_host != now.collector_host ||
                     old.collector_port != now.collector_port;
  const bool headers =
      old.request_headers != now.request_headers || old.response_headers != now.response_headers;
  const bool both = moved || old.open_streams != now.open_streams;
  return {(both || headers || old.http != now.http) && (old.http || now.http),
          (both || old.tcp != now.tcp) && (old.tcp || now.tcp)};
}

std::string Connections(const Filters& filters, size_t proxies, const char* verb,
                        base::Nanos within) {
  return fmt::format("{}{}{} connections of {} {} within {}", filters.http ? "HTTP" : "",
                     filters.http && filters.tcp ? " and " : "", filters.tcp ? "TCP" : "",
                     Counted(proxies, "proxy"), verb, tap::FormatDuration(within));
}

void Add(const MeshIndex& index, const Patch& patch, const Filters& filters, const char* what,
         std::vector<Drain>* out) {
  const auto proxies = ProxiesOf(index, patch.at);
  if (proxies.empty() || !filters.any()) return;
  const base::Nanos within = index.ConfigOf(*proxies.front()).drain;
  out->push_back({IdOf(patch), patch.owners,
                  fmt::format("{} {}: {}", IdOf(patch), what,
                              Connections(filters, proxies.size(), "drain", within))});
}

}  // namespace

std::vector<Drain> DrainsOf(const MeshIndex& index, const std::vector<Patch>& patches) {
  std::map<std::string, const StandingPatch*> standing;
  for (const StandingPatch& patch : index.snapshot().standing) standing[IdOf(patch.patch)] = &patch;
  std::vector<Drain> out;
  for (const Patch& patch : patches) {
    const auto found = standing.find(IdOf(patch));
    if (found == standing.end()) {
      Add(index, patch, FiltersOf(patch), "is written", &out);
    } else {
      Add(index, patch, ChangedOf(patch, *found->second), "changes", &out);
      standing.erase(found);
    }
  }
  for (const auto& [id, gone] : standing) {
    Add(index, gone->patch, FiltersOf(gone->patch), "is removed", &out);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string CostOf(const MeshIndex& index, const std::vector<const Patch*>& patches) {
  Filters filters;
  std::set<const Pod*> proxies;
  base::Nanos within = 0;
  for (const Patch* patch : patches) {
    const Filters own = FiltersOf(*patch);
    filters = {filters.http || own.http, filters.tcp || own.tcp};
    for (const Pod* pod : ProxiesOf(index, patch->at)) {
      proxies.insert(pod);
      within = std::max(within, index.ConfigOf(*pod).drain);
    }
  }
  if (proxies.empty()) return "";
  return Connections(filters, proxies.size(), "drain", within);
}

}  // namespace traffictap::plan
