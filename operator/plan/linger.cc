// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/linger.h"

#include <algorithm>
#include <iterator>

#include "operator/plan/wanted_headers.h"

namespace traffictap::plan {
namespace {

// Whether a pod of the namespace is under both.
bool Overlap(const MeshIndex& index, const Attachment& a, const Attachment& b) {
  for (const Workload& workload : index.WorkloadsOf(a.ns)) {
    for (const Pod* pod : workload.pods) {
      if (IsUnder(a, *pod) && IsUnder(b, *pod)) return true;
    }
  }
  return false;
}

// Whether it selects somebody, and none of our own.
bool HasProxies(const MeshIndex& index, const Attachment& at) {
  bool some = false;
  for (const Workload& workload : index.WorkloadsOf(at.ns)) {
    for (const Pod* pod : workload.pods) {
      if (!IsUnder(at, *pod)) continue;
      if (pod->ours) return false;
      some = true;
    }
  }
  return some;
}

std::vector<std::string> Union(const std::vector<std::string>& a,
                               const std::vector<std::string>& b) {
  std::vector<std::string> out;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

bool SameContent(const Patch& a, const Patch& b) {
  return a.http == b.http && a.tcp == b.tcp && a.request_headers == b.request_headers &&
         a.response_headers == b.response_headers && a.open_streams == b.open_streams;
}

// `patch` with what stands beyond it.
Patch Joined(const Patch& patch, const Patch& standing) {
  Patch out = patch;
  out.http = patch.http || standing.http;
  out.tcp = patch.tcp || standing.tcp;
  out.request_headers = Union(patch.request_headers, standing.request_headers);
  out.response_headers = Union(patch.response_headers, standing.response_headers);
  out.open_streams = ShorterInterval(patch.open_streams, standing.open_streams);
  return out;
}

class Keeper {
 public:
  Keeper(const MeshIndex& index, std::vector<Patch>* patches, std::optional<base::Nanos>* next)
      : index_(index), wanted_(*patches), patches_(patches), next_(next) {}

  void Keep(const StandingPatch& standing) {
    const Patch& old = standing.patch;
    if (old.mechanism != Mechanism::kEnvoyFilter) return;
    const auto& collector = index_.snapshot().collector;
    const bool leads_here =
        collector && old.collector_host == collector->host && old.collector_port == collector->port;
    if (!standing.intact || !leads_here || index_.IsForbidden(old.at.ns)) return;
    const auto same = std::find_if(patches_->begin(), patches_->end(), [&](const Patch& patch) {
      return patch.mechanism == Mechanism::kEnvoyFilter && patch.at.ns == old.at.ns &&
             patch.at.name == old.at.name;
    });
    if (same == patches_->end()) return KeepWhole(old);
    if (same->at.selector != old.at.selector || same->at.targets != old.at.targets) return;
    Patch joined = Joined(*same, old);
    if (!SameContent(joined, *same) && InGrace(old, &joined)) *same = std::move(joined);
  }

 private:
  bool InGrace(const Patch& old, Patch* kept) {
    const base::Nanos now = index_.snapshot().now;
    const base::Nanos since = old.unneeded_since.value_or(now);
    const base::Nanos end = since + index_.mesh().patch_grace;
    if (now >= end) return false;
    kept->unneeded_since = since;
    if (!*next_ || end < **next_) *next_ = end;
    return true;
  }

  void KeepWhole(const Patch& old) {
    const bool covered = std::any_of(wanted_.begin(), wanted_.end(), [&](const Patch& patch) {
      return patch.at.ns == old.at.ns && Overlap(index_, old.at, patch.at);
    });
    if (covered || !HasProxies(index_, old.at)) return;
    Patch kept = old;
    kept.owners.clear();
    if (InGrace(old, &kept)) patches_->push_back(std::move(kept));
  }

  const MeshIndex& index_;
  const std::vector<Patch> wanted_;
  std::vector<Patch>* const patches_;
  std::optional<base::Nanos>* const next_;
};

}  // namespace

void Linger(const MeshIndex& index, std::vector<Patch>* patches,
            std::optional<base::Nanos>* next_change) {
  const MeshSettings& mesh = index.mesh();
  if (mesh.patch_grace <= 0 || !mesh.envoy_filter_allowed) return;
  Keeper keeper(index, patches, next_change);
  for (const StandingPatch& standing : index.snapshot().standing) keeper.Keep(standing);
}

}  // namespace traffictap::plan
