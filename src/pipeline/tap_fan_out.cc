// SPDX-License-Identifier: Apache-2.0

// A pair was joined for all taps; here each sees its part. A tap sees a half if it admitted it, for
// what it neither targets nor has attached it may not see: so to one tap this is a pair, to another an orphan.
// Why a side is missing: pairing/orphan_reason.h. A part of a pair is judged anew: a verdict must not tell what the hidden side saw.
// Called by one pairing thread alone, for each of its pairs, with views that end with the call.
#include "pipeline/tap_fan_out.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "filter/entry_filter.h"
#include "filter/pair_filter.h"
#include "pairing/orphan_reason.h"
#include "pairing/peer_states.h"
#include "pairing/verdict.h"
#include "traffic/entry_batch.h"

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

// Whether the tap asks that proxy for entries.
bool Asks(const tap::TapSpec& spec, const traffic::Node& node) {
  return filter::TargetsNode(spec, node) || filter::IsAttachedPeer(spec, node);
}

// Where one side's end saw the other one.
pairing::PeerPlace OtherEnd(const traffic::PackedEntry& teller) {
  return {traffic::FarAddress(teller), teller.node->network};
}

// The other ends that are no targets.
void Meet(const tap::TapSpec& spec, TapLane& lane, const TrafficPair& seen,
          const filter::OwnEnds& own) {
  if (spec.of_file || !filter::MatchesDirection(spec.direction, seen, own)) return;
  const bool client = seen.client != nullptr && own.client;
  const bool server = !seen.servers.empty() && own.server;
  if (client && server) return;
  if (client) lane.MeetPeer(OtherEnd(*seen.client));
  if (server) lane.MeetPeer(OtherEnd(*seen.server()));
}

// Whether that holds for all of an orphan's entries.
bool AllOf(const TrafficPair& orphan, auto holds) {
  return (orphan.client == nullptr || holds(orphan.client)) &&
         std::all_of(orphan.servers.begin(), orphan.servers.end(), holds);
}

// Whether all of an orphan's entries have that name for their other end.
bool NamesPeer(const TrafficPair& orphan, const tap::KnownPeer& peer) {
  return AllOf(orphan, [&](const traffic::PackedEntry* entry) {
    return entry->text(traffic::Text::kPeerWorkload) == peer.workload &&
           entry->text(traffic::Text::kPeerNamespace) == peer.ns;
  });
}

// Whether nothing of the entry contradicts that its other end is that proxy. Behind a gateway that passes TLS on
// somebody else has proved who he is, and the address is the gateway's.
bool MayBe(const traffic::PackedEntry& entry, const traffic::Node& other) {
  const std::string_view ns = entry.text(traffic::Text::kPeerNamespace);
  if (!ns.empty() && ns != other.ns) return false;
  const std::string_view principal = entry.text(traffic::Text::kPeerPrincipal);
  if (!principal.starts_with("spiffe://") || other.service_account.empty()) return true;
  return principal.ends_with("/ns/" + other.ns + "/sa/" + other.service_account);
}

// An orphan, with its other end under another name: a copy, since the entries are those of all taps.
class Renamed {
 public:
  Renamed(const TrafficPair& orphan, const traffic::NodePtr& node, const tap::KnownPeer& peer)
      : batch_(node), pair_(orphan) {
    if (orphan.client != nullptr) pair_.client = Copy(*orphan.client, peer);
    for (const auto* server : orphan.servers) servers_.push_back(Copy(*server, peer));
    pair_.servers = servers_;
  }

  const TrafficPair& pair() const { return pair_; }

 private:
  const traffic::PackedEntry* Copy(const traffic::PackedEntry& from, const tap::KnownPeer& peer) {
    traffic::AccessEntry entry = traffic::Unpack(from);
    entry.text(traffic::Text::kPeerWorkload) = peer.workload;
    entry.text(traffic::Text::kPeerNamespace) = peer.ns;
    traffic::PackedEntry* out = batch_.Add(entry, from.request_id_hash);
    out->taps = from.taps;
    out->arrival = from.arrival;
    out->node = from.node;
    return out;
  }

  traffic::EntryBatch batch_;
  std::vector<const traffic::PackedEntry*> servers_;
  TrafficPair pair_;
};

}  // namespace

void TapFanOut::SetTaps(std::shared_ptr<TapsInForce> in_force) {
  in_force_ = std::move(in_force);
  if (!in_force_) return;
  // By likeness, so that a thousand taps that all differ are not compared with each other.
  std::unordered_map<size_t, std::vector<const TapLane*>> lanes;
  for (const auto& runtime : in_force_->runtimes) {
    if (!runtime) continue;
    TapLane& lane = runtime->lane(thread_);
    auto& unlike = lanes[lane.likeness()];
    const bool shares = std::any_of(unlike.begin(), unlike.end(),
                                    [&](const TapLane* one) { return lane.ShareWith(*one); });
    if (!shares) unlike.push_back(&lane);
  }
}

void TapFanOut::Consume(const TrafficPair& pair, std::span<const traffic::NodePtr> nodes) {
  if (!in_force_) return;
  traffic::TapSet taps;
  if (pair.client != nullptr) taps |= pair.client->taps;
  for (const auto* server : pair.servers) taps |= server->taps;
  size_t admitting = 0;
  taps.ForEach([&](size_t) { ++admitting; });
  // What one tap has for itself needs no copy where others go on filling the store.
  number_ = admitting > 1 ? ++pairs_ : TapLane::kForOneTap;
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
    Give(tap, seen, nodes, number_);
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
  Give(tap, seen, owners, TapLane::kForOneTap);
}

void TapFanOut::Give(TapRuntime& tap, const TrafficPair& seen,
                     std::span<const traffic::NodePtr> nodes, uint64_t number) const {
  filter::OwnEnds own;
  if (tap.had_peers()) own = filter::OwnEndsOf(tap.spec(), seen);
  if (!own.client && !own.server) return;
  TapLane& lane = tap.lane(thread_);
  Meet(tap.spec(), lane, seen, own);
  const bool orphan = seen.client == nullptr || seen.servers.empty();
  const tap::KnownPeer* peer = nullptr;
  std::optional<tap::KnownPeer> sender;
  if (orphan && !tap.known_peers().empty()) {
    peer = tap.known_peers().At(OtherEnd(seen.principal()));
  }
  if (orphan && peer == nullptr) {
    sender = SenderAtOtherEnd(seen);
    if (sender) peer = &*sender;
  }
  if (peer == nullptr || NamesPeer(seen, *peer)) return lane.Consume(seen, nodes, own, number);
  lane.Consume(Renamed(seen, nodes.front(), *peer).pair(), nodes, own);
}

std::optional<tap::KnownPeer> TapFanOut::SenderAtOtherEnd(const TrafficPair& orphan) const {
  // What an entry says holds: the address may be that of a gateway on the way.
  const bool unnamed = AllOf(orphan, [](const traffic::PackedEntry* entry) {
    return entry->text(traffic::Text::kPeerWorkload).empty();
  });
  if (!unnamed) return std::nullopt;
  const pairing::PeerPlace place = OtherEnd(orphan.principal());
  // The pairer has just looked there and found nobody. Finding the peer costs a lock, and where one side alone is
  // tapped each record is such an orphan.
  const bool nobody = orphan.orphan_reason == OrphanReason::kPeerNotMeshed &&
                      place.address == traffic::PeerAddress(orphan.principal());
  if (nobody) return std::nullopt;
  const auto node =
      place.address.present() ? proxies_->NodeAt(place, orphan.principal().arrival) : nullptr;
  if (!node || node->workload.empty()) return std::nullopt;
  if (!AllOf(orphan, [&](const auto* entry) { return MayBe(*entry, *node); })) return std::nullopt;
  tap::KnownPeer out;
  out.ns = node->ns;
  out.workload = node->workload;
  return out;
}

OrphanReason TapFanOut::ReasonFor(const tap::TapSpec& spec, const TrafficPair& whole,
                                  const TrafficPair& seen) const {
  pairing::TapView view;
  view.sees_both = seen.client != nullptr && !seen.servers.empty();
  view.whole = whole.client != nullptr && !whole.servers.empty();
  // Nobody asks for it otherwise, and finding the peer costs a lock.
  const bool asked = view.whole || pairing::BlamesThePeer(whole.orphan_reason);
  if (!view.sees_both && asked) view.targets_other = TargetsOther(spec, whole, seen);
  return pairing::ReasonFor(view, whole.orphan_reason);
}

// Empty: the other side's proxy is not known.
std::optional<bool> TapFanOut::TargetsOther(const tap::TapSpec& spec, const TrafficPair& whole,
                                            const TrafficPair& seen) const {
  if (whole.client != nullptr && !whole.servers.empty()) {
    const auto* hidden = seen.client == nullptr ? whole.client : whole.servers.back();
    return Asks(spec, *hidden->node);
  }
  const pairing::PeerPlace peer = OtherEnd(seen.principal());
  const auto node =
      peer.address.present() ? proxies_->NodeAt(peer, seen.principal().arrival) : nullptr;
  if (!node) return std::nullopt;
  return Asks(spec, *node);
}

}  // namespace traffictap::pipeline
