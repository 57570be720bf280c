// SPDX-License-Identifier: Apache-2.0

// The order of the reasons against a peer: it is ours; the tap has no right to it; the tap's own
// filter would drop its records; no proxy of it can be reached; the limit is used up. The limit
// comes last, so that a peer which could not be attached anyway takes no place of one that can.
// Peers that were met first come first, so that a new one never puts out one that is attached.
#include "operator/plan/peers.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "fmt/format.h"
#include "operator/plan/visibility.h"

namespace traffictap::plan {
namespace {

using tap::PeerAttach;

// The index has them sorted by kind and name.
const Workload* FindWorkload(const MeshIndex& index, const SeenPeer& peer) {
  const std::vector<Workload>& workloads = index.WorkloadsOf(peer.ns);
  const auto found = std::lower_bound(workloads.begin(), workloads.end(), peer,
                                      [](const Workload& workload, const SeenPeer& wanted) {
                                        return std::tie(workload.kind, workload.name) <
                                               std::tie(wanted.kind, wanted.name);
                                      });
  const bool there =
      found != workloads.end() && found->kind == peer.kind && found->name == peer.name;
  return there ? &*found : nullptr;
}

bool IsTargetAltogether(const Selection& selection, const Workload& workload) {
  return std::any_of(selection.workloads.begin(), selection.workloads.end(),
                     [&](const SelectedWorkload& selected) {
                       return selected.workload == &workload &&
                              selected.pods.size() == workload.pods.size();
                     });
}

std::set<std::string> NamespacesOf(const Selection& selection) {
  std::set<std::string> out = selection.whole_namespaces;
  for (const SelectedWorkload& selected : selection.workloads) out.insert(selected.workload->ns);
  return out;
}

// By name alone: a principal and an address are not known before the record.
bool MayBe(const tap::Peer& rule, const Workload& workload) {
  return (rule.workload.empty() || rule.workload == workload.name) &&
         (rule.ns.empty() || rule.ns == workload.ns);
}

bool IsFilteredOut(const tap::PeerSelection& peers, const Workload& workload) {
  const bool excluded =
      std::any_of(peers.exclude.begin(), peers.exclude.end(), [&](const tap::Peer& rule) {
        return rule.principal.empty() && rule.ip_block.empty() && MayBe(rule, workload);
      });
  return excluded || (!peers.include.empty() &&
                      std::none_of(peers.include.begin(), peers.include.end(),
                                   [&](const tap::Peer& rule) { return MayBe(rule, workload); }));
}

// Decides of one tap's peers, one by one.
class Choosing {
 public:
  Choosing(const TapObject& tap, const Selection& selection, const MeshIndex& index)
      : tap_(tap),
        spec_(*tap.spec),
        attach_(tap::AttachOf(spec_)),
        index_(index),
        namespaces_(NamespacesOf(selection)) {}

  // Why the workload is not attached; an empty reason: it may be.
  Note Against(const Workload& workload) const {
    if (workload.ours) {
      return {"", "OwnComponent", "is TrafficTap's own, which is never tapped"};
    }
    if (Note rights = WithoutRights(workload); !rights.reason.empty()) return rights;
    if (IsFilteredOut(spec_.peers, workload)) {
      return {"", "Filtered", "spec.peers leaves out its records"};
    }
    const bool reached = IsReachable(index_, workload) || IsWaypoint(workload);
    if (reached && !index_.IsForbidden(workload.ns)) return {};
    const std::vector<Note> blind = BlindSpots(index_, workload);
    if (!blind.empty()) return blind.front();
    return {"", "NotMeshed", "its pods are without an Istio proxy"};
  }

 private:
  Note WithoutRights(const Workload& workload) const {
    if (attach_ == PeerAttach::kSameNamespace) {
      if (namespaces_.contains(workload.ns)) return {};
      return {"", "OtherNamespace",
              tap_.cluster_scoped()
                  ? "is in a namespace without a target: set spec.peers.attach to Mesh to attach it"
                  : fmt::format("is in another namespace: to attach it, set spec.peers.attach to "
                                "Mesh, and let its administrator label the namespace {}=true",
                                kAllowPeersLabel)};
    }
    if (tap_.cluster_scoped() || workload.ns == tap_.ns) return {};
    const tap::Labels& labels = index_.LabelsOf(workload.ns);
    const auto consent = labels.find(kAllowPeersLabel);
    if (consent != labels.end() && consent->second == "true") return {};
    return {"", "NoConsent",
            fmt::format("is in another namespace, which does not allow it: its administrator may "
                        "label the namespace {}=true",
                        kAllowPeersLabel)};
  }

  const TapObject& tap_;
  const tap::TapSpec& spec_;
  const PeerAttach attach_;
  const MeshIndex& index_;
  const std::set<std::string> namespaces_;
};

auto OrderOf(const Workload& workload) {
  return std::tie(workload.ns, workload.kind, workload.name);
}

void Sort(PeerChoice* choice) {
  std::sort(choice->peers.begin(), choice->peers.end(),
            [](const PeerChoice::Peer& a, const PeerChoice::Peer& b) {
              if (a.reason.empty() != b.reason.empty()) return a.reason.empty();
              return OrderOf(*a.workload) < OrderOf(*b.workload);
            });
  for (const PeerChoice::Peer& peer : choice->peers) {
    if (peer.reason.empty()) {
      choice->attached.workloads.push_back({peer.workload, peer.workload->pods});
    }
  }
}

}  // namespace

PeerChoice ChoosePeers(const TapObject& tap, const Selection& selection, const MeshIndex& index) {
  PeerChoice out;
  if (tap.peers.empty()) return out;
  const Choosing choosing(tap, selection, index);
  const bool none = tap::AttachOf(*tap.spec) == PeerAttach::kNone;
  std::set<const Workload*> seen;
  size_t attached = 0;
  for (const SeenPeer& peer : tap.peers) {
    const Workload* workload = FindWorkload(index, peer);
    if (workload == nullptr || IsTargetAltogether(selection, *workload)) continue;
    if (!seen.insert(workload).second) continue;
    Note against = choosing.Against(*workload);
    if (none) {
      against = {"", "NotAsked", "spec.peers.attach is None"};
    } else if (against.reason.empty() && attached == kPeersMax) {
      against = {"", "PeerLimit",
                 fmt::format("{} peers are attached already, which is the limit: name those that "
                             "matter in spec.peers.include, or tap it",
                             kPeersMax)};
    }
    attached += against.reason.empty() ? 1 : 0;
    out.peers.push_back({workload, against.reason, against.message});
  }
  Sort(&out);
  return out;
}

bool MayFindPeers(const tap::TapSpec& spec, const Selection& selection) {
  const PeerAttach attach = tap::AttachOf(spec);
  if (attach == PeerAttach::kNone) return false;
  if (spec.cluster_scoped && spec.targets.empty()) return false;
  if (attach == PeerAttach::kMesh) return true;
  return std::any_of(selection.workloads.begin(), selection.workloads.end(),
                     [&](const SelectedWorkload& selected) {
                       return !selection.whole_namespaces.contains(selected.workload->ns);
                     });
}

std::vector<PeerOutcome> PeerOutcomesOf(const PeerChoice& choice,
                                        const std::map<const Workload*, Outcome>& outcomes) {
  std::vector<PeerOutcome> out;
  for (const PeerChoice::Peer& peer : choice.peers) {
    const Workload& workload = *peer.workload;
    if (peer.reason == "NotAsked") continue;
    PeerOutcome outcome{workload.ns, workload.kind, workload.name, false, peer.reason, peer.message,
                        ""};
    const auto found = outcomes.find(&workload);
    if (peer.reason.empty() && found != outcomes.end()) {
      outcome.patch = found->second.patch;
      outcome.attached = !outcome.patch.empty();
      const std::vector<Note>& against = found->second.not_visible;
      if (!outcome.attached && !against.empty()) {
        outcome.reason = against.front().reason;
        outcome.message = against.front().message;
      }
    }
    if (outcome.reason.empty()) outcome.reason = outcome.attached ? "Attached" : "NotInForce";
    out.push_back(std::move(outcome));
  }
  std::stable_sort(out.begin(), out.end(), [](const PeerOutcome& a, const PeerOutcome& b) {
    return a.attached && !b.attached;
  });
  return out;
}

std::vector<tap::KnownPeer> KnownPeersOf(const PeerChoice& choice) {
  std::vector<tap::KnownPeer> out;
  size_t addresses = 0;
  for (const PeerChoice::Peer& peer : choice.peers) {
    tap::KnownPeer known{peer.workload->ns, peer.workload->name, peer.reason.empty(), "", {}};
    for (const Pod* pod : peer.workload->pods) {
      if (known.network.empty()) known.network = pod->network;
      for (const std::string& address : pod->addresses) {
        if (addresses++ < kPeerAddressesMax) known.addresses.push_back(address);
      }
    }
    std::sort(known.addresses.begin(), known.addresses.end());
    out.push_back(std::move(known));
  }
  return out;
}

}  // namespace traffictap::plan
