// SPDX-License-Identifier: Apache-2.0

// A pair was joined for all taps; here each sees its part. A tap sees a half if it admitted it, for
// what it does not target it may not see: so to one tap this is a pair, to another an orphan.
// Why a side is missing, in this order:
//   1. the tap sees both: none is missing, whatever the pairer thought;
//   2. the pair is whole and one half is hidden from the tap: FilteredOnOtherSide where the tap
//      targets that proxy (its filter or another version of the tap refused the entry),
//      PeerNotTapped where it does not;
//   3. the half came alone: the pairer's reason, but NeverArrived, LostInBuffer and
//      DrainingConnection accuse a proxy that should have told this tap. Of a proxy that the tap
//      does not target they say nothing: PeerNotTapped.
// A part of a pair is judged anew: a verdict must not tell what the hidden side saw.
// Called by the pipeline thread alone, for each pair, with views that end with the call.
#include "pipeline/tap_fan_out.h"

#include "filter/entry_filter.h"
#include "pairing/verdict.h"

namespace traffictap::pipeline {
namespace {

using traffic::OrphanReason;
using traffic::TrafficPair;

bool SeesAll(const TrafficPair& pair, size_t slot) {
  if (pair.client != nullptr && !pair.client->taps.Contains(slot)) return false;
  for (const auto* server : pair.servers) {
    if (!server->taps.Contains(slot)) return false;
  }
  return true;
}

// Reasons that hold only if the tap wanted the peer's entries in the first place.
bool SuspectsThePeer(OrphanReason reason) {
  return reason == OrphanReason::kNeverArrived || reason == OrphanReason::kLostInBuffer ||
         reason == OrphanReason::kDrainingConnection;
}

}  // namespace

void TapFanOut::Consume(const TrafficPair& pair, std::span<const traffic::NodePtr> nodes) {
  if (!in_force_) return;
  traffic::TapSet taps;
  if (pair.client != nullptr) taps |= pair.client->taps;
  for (const auto* server : pair.servers) taps |= server->taps;
  taps.ForEach([&](size_t slot) {
    if (slot >= in_force_->runtimes.size() || !in_force_->runtimes[slot]) return;
    Show(*in_force_->runtimes[slot], slot, pair, nodes);
  });
}

void TapFanOut::Show(TapRuntime& tap, size_t slot, const TrafficPair& pair,
                     std::span<const traffic::NodePtr> nodes) {
  if (SeesAll(pair, slot)) {
    TrafficPair seen = pair;
    seen.orphan_reason = ReasonFor(tap.spec(), pair, seen);
    tap.Consume(seen, nodes);
    return;
  }
  TrafficPair seen;
  std::vector<const traffic::PackedEntry*> servers;
  std::vector<traffic::NodePtr> owners;
  size_t node = 0;
  if (pair.client != nullptr) {
    if (pair.client->taps.Contains(slot)) {
      seen.client = pair.client;
      owners.push_back(nodes[node]);
    }
    ++node;
  }
  for (const auto* server : pair.servers) {
    if (server->taps.Contains(slot)) {
      servers.push_back(server);
      owners.push_back(nodes[node]);
    }
    ++node;
  }
  seen.servers = servers;
  seen.orphan_reason = ReasonFor(tap.spec(), pair, seen);
  seen.verdict = pairing::Judge(seen);
  tap.Consume(seen, owners);
}

OrphanReason TapFanOut::ReasonFor(const tap::TapSpec& spec, const TrafficPair& whole,
                                  const TrafficPair& seen) const {
  if (seen.client != nullptr && !seen.servers.empty()) return OrphanReason::kNone;
  const bool was_pair = whole.client != nullptr && !whole.servers.empty();
  if (was_pair) {
    const auto* hidden = seen.client == nullptr ? whole.client : whole.servers.back();
    return filter::TargetsNode(spec, *hidden->node) ? OrphanReason::kFilteredOnOtherSide
                                                    : OrphanReason::kPeerNotTapped;
  }
  const auto& facts = seen.principal().facts;
  const auto& peer =
      seen.client != nullptr ? facts.upstream_remote : facts.downstream_direct_remote;
  if (!SuspectsThePeer(whole.orphan_reason) || !peer.present()) return whole.orphan_reason;
  const auto node = ingress_->NodeAt(peer.IpString());
  return node && !filter::TargetsNode(spec, *node) ? OrphanReason::kPeerNotTapped
                                                   : whole.orphan_reason;
}

}  // namespace traffictap::pipeline
