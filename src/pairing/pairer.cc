#include "pairing/pairer.h"

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "pairing/pair_key.h"
#include "pairing/recent_keys.h"
#include "pairing/slab.h"
#include "pairing/verdict.h"

namespace traffictap::pairing {

using traffic::NodePtr;
using traffic::OrphanReason;
using traffic::PackedEntry;
using traffic::TrafficPair;

namespace {

constexpr uint32_t kNone = UINT32_MAX;

// Joins nothing: neither a request id nor a connection is known.
uint64_t GroupKey(const PackedEntry& entry) {
  return entry.request_id_hash != 0 ? entry.request_id_hash : ConnectionKey(entry);
}

// Requests without an id come many to a connection: the connection's key names none of them.
bool NamesOneRequest(const PackedEntry& entry) {
  return entry.request_id_hash != 0 || entry.facts.kind == traffic::EntryKind::kTcp;
}

const traffic::SocketAddress& PeerAddress(const PackedEntry& entry) {
  return IsClient(entry) ? entry.facts.upstream_remote : entry.facts.downstream_direct_remote;
}

}  // namespace

// The waiting halves: each in a slot of a pool, its bytes in the slab, chained with the other
// halves of its group (same request id, or same connection). One queue per window length keeps them
// in the order of their end.
class Pairer::Table {
 public:
  Table(PairerOptions options, const PeerDirectory* directory, PairConsumer* next)
      : options_(std::move(options)),
        directory_(directory),
        next_(next),
        seen_(options_.tombstones_max),
        finished_(options_.tombstones_max) {}

  ~Table() {
    for (Half& half : halves_) {
      if (half.entry != nullptr) slab_.Free(half.entry, half.entry->bytes);
    }
  }

  void Add(const PackedEntry& entry, const NodePtr& node, base::Nanos now) {
    ++books_.kept;
    if (entry.facts.moment != traffic::LogMoment::kEnd) {
      // Only the last entry of a stream or connection tells it whole.
      ++books_.intermediate;
      return;
    }
    if (!seen_.Insert(IdentityKey(entry, std::hash<std::string>()(node->id)))) {
      ++books_.duplicates;
      return;
    }
    if (IsClient(entry) ? NeverReachedServer(entry) : ConnectionKey(entry) == 0) {
      EmitOrphan(entry, node, OrphanReason::kNeverArrived);
      return;
    }
    if (JoinSingle(entry, node)) return;
    const uint32_t index = Wait(entry, node, now);
    CompleteRetried(index);
    while (waiting_bytes() > options_.waiting_bytes_max && EvictOldest()) {
    }
  }

  void Advance(base::Nanos now) {
    for (auto& [window, queue] : queues_) {
      while (!queue.empty() && queue.front().arrival + window <= now) {
        const Ticket ticket = queue.front();
        queue.pop_front();
        if (IsCurrent(ticket)) End(ticket.index, now, false);
      }
    }
  }

  void Flush(base::Nanos now) {
    for (auto& [window, queue] : queues_) {
      while (!queue.empty()) {
        const Ticket ticket = queue.front();
        queue.pop_front();
        if (IsCurrent(ticket)) End(ticket.index, now, false);
      }
    }
  }

  void RemoveTaps(const traffic::TapSet& removed) {
    for (Half& half : halves_) {
      if (half.entry != nullptr) half.entry->taps -= removed;
    }
  }

  const JoinBooks& books() const { return books_; }
  size_t waiting_bytes() const {
    return slab_.used_bytes() + books_.waiting * (sizeof(Half) + sizeof(Ticket) + 64);
  }

 private:
  struct Half {
    PackedEntry* entry = nullptr;  // null: the slot is free
    NodePtr node;
    uint32_t next = kNone;  // in the group, or in the list of free slots
    uint32_t generation = 0;
  };
  struct Ticket {
    uint32_t index;
    uint32_t generation;
    base::Nanos arrival;
  };
  // What a client's half found so far, itself among them.
  struct Found {
    std::vector<uint32_t> servers;  // in the order of their start
    bool last = false;              // the attempt that the client's addresses tell of
  };

  bool IsCurrent(const Ticket& ticket) const {
    const Half& half = halves_[ticket.index];
    return half.entry != nullptr && half.generation == ticket.generation;
  }

  template <typename Test>
  uint32_t FindInGroup(uint64_t key, Test test) const {
    const auto group = groups_.find(key);
    if (group == groups_.end()) return kNone;
    uint32_t found = kNone;
    // Chained newest first; without request ids the oldest must join first, so the last hit counts.
    for (uint32_t i = group->second; i != kNone; i = halves_[i].next) {
      if (test(*halves_[i].entry)) found = i;
    }
    return found;
  }

  // The usual case: one client's and one server's half, whichever came first. The one that arrives
  // last is emitted from where it stands.
  bool JoinSingle(const PackedEntry& entry, const NodePtr& node) {
    const bool client = IsClient(entry);
    if (client && Attempts(entry) > 1) return false;
    const uint32_t other = FindInGroup(GroupKey(entry), [&](const PackedEntry& waiting) {
      if (IsClient(waiting) == client) return false;
      const auto& c = client ? entry : waiting;
      const auto& s = client ? waiting : entry;
      return Attempts(c) == 1 && SameConnection(c, s);
    });
    if (other == kNone) return false;
    const Half half = Take(other);
    const PackedEntry* server = client ? half.entry : &entry;
    const NodePtr nodes[] = {client ? node : half.node, client ? half.node : node};
    EmitPair(client ? entry : *half.entry, {&server, 1}, nodes);
    slab_.Free(half.entry, half.entry->bytes);
    return true;
  }

  // A client's half with more than one attempt is complete when all its servers' halves are there.
  void CompleteRetried(uint32_t index) {
    const PackedEntry& entry = *halves_[index].entry;
    const uint32_t client =
        IsClient(entry) ? index : FindInGroup(GroupKey(entry), [&](const PackedEntry& waiting) {
          return IsClient(waiting) && Attempts(waiting) > 1 &&
                 (SameConnection(waiting, entry) || MaybeAttempt(waiting, entry));
        });
    if (client == kNone || Attempts(*halves_[client].entry) == 1) return;
    const Found found = FindServers(client);
    if (found.last && found.servers.size() >= Attempts(*halves_[client].entry))
      Resolve(client, found);
  }

  Found FindServers(uint32_t client) const {
    Found found;
    const PackedEntry& c = *halves_[client].entry;
    uint32_t last = kNone;
    for (uint32_t i = groups_.at(GroupKey(c)); i != kNone; i = halves_[i].next) {
      const PackedEntry& s = *halves_[i].entry;
      if (IsClient(s)) continue;
      if (last == kNone && SameConnection(c, s)) {
        last = i;
      } else if (Attempts(c) > 1 && MaybeAttempt(c, s) && !OfAnotherClient(client, s)) {
        found.servers.push_back(i);
      }
    }
    // By time of arrival: clocks of different servers are not compared.
    std::sort(found.servers.begin(), found.servers.end(), [&](uint32_t a, uint32_t b) {
      return std::pair(halves_[a].entry->arrival, a) < std::pair(halves_[b].entry->arrival, b);
    });
    const size_t others_max = Attempts(c) - (last == kNone ? 0 : 1);
    if (found.servers.size() > others_max) found.servers.resize(others_max);
    if (last != kNone) found.servers.push_back(last);
    found.last = last != kNone;
    return found;
  }

  bool OfAnotherClient(uint32_t client, const PackedEntry& server) const {
    for (uint32_t i = groups_.at(GroupKey(server)); i != kNone; i = halves_[i].next) {
      const PackedEntry& other = *halves_[i].entry;
      if (i != client && IsClient(other) && SameConnection(other, server)) return true;
    }
    return false;
  }

  void Resolve(uint32_t client, const Found& found) {
    const Half taken_client = Take(client);
    std::vector<Half> taken;
    std::vector<const PackedEntry*> servers;
    std::vector<NodePtr> nodes{taken_client.node};
    for (const uint32_t index : found.servers) {
      taken.push_back(Take(index));
      servers.push_back(taken.back().entry);
      nodes.push_back(taken.back().node);
    }
    EmitPair(*taken_client.entry, servers, nodes);
    slab_.Free(taken_client.entry, taken_client.entry->bytes);
    for (const Half& half : taken) slab_.Free(half.entry, half.entry->bytes);
  }

  // The window of a half is over (or, `evicted`, there is no room for it).
  void End(uint32_t index, base::Nanos now, bool evicted) {
    const PackedEntry& entry = *halves_[index].entry;
    const uint32_t client =
        IsClient(entry) ? index : FindInGroup(GroupKey(entry), [&](const PackedEntry& waiting) {
          return IsClient(waiting) &&
                 (SameConnection(waiting, entry) || MaybeAttempt(waiting, entry));
        });
    if (client != kNone) {
      const Found found = FindServers(client);
      const bool takes_part =
          client == index || std::count(found.servers.begin(), found.servers.end(), index);
      if (!found.servers.empty() && takes_part) {
        Resolve(client, found);
        return;
      }
    }
    const OrphanReason reason = evicted ? OrphanReason::kLostInBuffer : ReasonOf(entry, now);
    const Half half = Take(index);
    EmitOrphan(*half.entry, half.node, reason);
    slab_.Free(half.entry, half.entry->bytes);
  }

  OrphanReason ReasonOf(const PackedEntry& entry, base::Nanos now) {
    if (NamesOneRequest(entry) && !finished_.Insert(ConnectionKey(entry))) {
      return OrphanReason::kLateBeyondWindow;
    }
    const base::Nanos window = options_.window(entry.taps);
    switch (directory_->Lookup(PeerAddress(entry), entry.arrival - window, now)) {
      case PeerState::kLost: return OrphanReason::kLostInBuffer;
      case PeerState::kWarmingUp: return OrphanReason::kDrainingConnection;
      case PeerState::kTapped: return OrphanReason::kNeverArrived;
      case PeerState::kUnknown: break;
    }
    return entry.facts.peer_mesh == traffic::PeerMesh::kMeshed ? OrphanReason::kPeerNotTapped
                                                               : OrphanReason::kPeerNotMeshed;
  }

  uint32_t Wait(const PackedEntry& entry, const NodePtr& node, base::Nanos now) {
    uint32_t index = free_;
    if (index == kNone) {
      index = static_cast<uint32_t>(halves_.size());
      halves_.emplace_back();
    } else {
      free_ = halves_[index].next;
    }
    Half& half = halves_[index];
    auto* bytes = static_cast<std::byte*>(slab_.Allocate(entry.bytes));
    std::copy_n(reinterpret_cast<const std::byte*>(&entry), entry.bytes, bytes);
    half.entry = reinterpret_cast<PackedEntry*>(bytes);
    half.node = node;
    const auto [group, fresh] = groups_.try_emplace(GroupKey(entry), kNone);
    half.next = group->second;
    group->second = index;
    queues_[options_.window(entry.taps)].push_back({index, half.generation, now});
    ++books_.waiting;
    return index;
  }

  // Takes the half out of all lists; the caller frees its bytes.
  Half Take(uint32_t index) {
    Half& half = halves_[index];
    const auto group = groups_.find(GroupKey(*half.entry));
    uint32_t* link = &group->second;
    while (*link != index) link = &halves_[*link].next;
    *link = half.next;
    if (group->second == kNone) groups_.erase(group);
    Half out{half.entry, std::move(half.node), kNone, half.generation};
    half.entry = nullptr;
    ++half.generation;
    half.next = free_;
    free_ = index;
    --books_.waiting;
    return out;
  }

  bool EvictOldest() {
    std::deque<Ticket>* oldest = nullptr;
    for (auto& [window, queue] : queues_) {
      while (!queue.empty() && !IsCurrent(queue.front())) queue.pop_front();
      if (!queue.empty() &&
          (oldest == nullptr || queue.front().arrival < oldest->front().arrival)) {
        oldest = &queue;
      }
    }
    if (oldest == nullptr) return false;
    const Ticket ticket = oldest->front();
    oldest->pop_front();
    End(ticket.index, ticket.arrival, true);
    return true;
  }

  void EmitPair(const PackedEntry& client, std::span<const PackedEntry* const> servers,
                std::span<const NodePtr> nodes) {
    ++books_.pairs;
    books_.retries += servers.size() - 1;
    if (NamesOneRequest(client)) finished_.Insert(ConnectionKey(client));
    TrafficPair pair;
    pair.client = &client;
    pair.servers = servers;
    pair.verdict = Judge(pair);
    next_->Consume(pair, nodes);
  }

  void EmitOrphan(const PackedEntry& entry, const NodePtr& node, OrphanReason reason) {
    ++books_.orphans[static_cast<size_t>(reason)];
    const PackedEntry* server = &entry;
    TrafficPair pair;
    if (IsClient(entry)) {
      pair.client = &entry;
    } else {
      pair.servers = {&server, 1};
    }
    pair.orphan_reason = reason;
    pair.verdict = Judge(pair);
    next_->Consume(pair, {&node, 1});
  }

  const PairerOptions options_;
  const PeerDirectory* const directory_;
  PairConsumer* const next_;
  Slab slab_;
  std::vector<Half> halves_;
  uint32_t free_ = kNone;
  std::unordered_map<uint64_t, uint32_t> groups_;  // newest half of each group
  std::map<base::Nanos, std::deque<Ticket>> queues_;
  RecentKeys seen_;
  RecentKeys finished_;
  JoinBooks books_;
};

Pairer::Pairer(PairerOptions options, const PeerDirectory* directory, PairConsumer* next)
    : table_(std::make_unique<Table>(std::move(options), directory, next)) {}
Pairer::~Pairer() = default;

void Pairer::Add(const traffic::EntryBatch& batch, base::Nanos now) {
  for (const auto* entry : batch.entries()) table_->Add(*entry, batch.node(), now);
}
void Pairer::Advance(base::Nanos now) { table_->Advance(now); }
void Pairer::Flush(base::Nanos now) { table_->Flush(now); }
void Pairer::RemoveTaps(const traffic::TapSet& removed) { table_->RemoveTaps(removed); }
const JoinBooks& Pairer::books() const { return table_->books(); }
size_t Pairer::waiting_bytes() const { return table_->waiting_bytes(); }

}  // namespace traffictap::pairing
