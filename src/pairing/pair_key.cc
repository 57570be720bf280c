// SPDX-License-Identifier: Apache-2.0
#include "pairing/pair_key.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace traffictap::pairing {
namespace {

using traffic::EntryKind;
using traffic::PackedEntry;
using traffic::ResponseFlag;
using traffic::SocketAddress;
using traffic::Text;

constexpr Fit kNearest = 7;

constexpr size_t kVersionDigit = 14;  // of a UUID: Envoy may rewrite it, see traffic::HashRequestId

// Several multiplications a key are too dear at millions of entries a second: one a word, and one
// round at the end.
class Hasher {
 public:
  Hasher& Add(uint64_t word) {
    hash_ = (hash_ ^ word) * 0x9e3779b97f4a7c15ULL;
    hash_ ^= hash_ >> 29;
    return *this;
  }
  Hasher& Add(const SocketAddress& address) {
    uint64_t words[2];
    std::memcpy(words, address.ip.data(), sizeof(words));
    return Add(words[0]).Add(words[1] ^ (uint64_t{address.port} << 16));
  }
  Hasher& Add(std::string_view text) { return Add(std::hash<std::string_view>{}(text)); }
  Hasher& AddPath(const PackedEntry& entry) {
    if (entry.path_mark != 0) return Add(uint64_t{entry.path_mark});
    return Add(entry.text(Text::kPath));
  }

  // Never 0.
  uint64_t Finish() const {
    const uint64_t hash = (hash_ ^ (hash_ >> 32)) * 0xd6e8feb86659fd93ULL;
    const uint64_t folded = hash ^ (hash >> 32);
    return folded == 0 ? 1 : folded;
  }

 private:
  uint64_t hash_ = 0x51ed270b7a2f3c4dULL;
};

// The connection between the two proxies: its client's end and its server's end.
const SocketAddress& ClientEnd(const PackedEntry& entry) {
  return IsClient(entry) ? entry.facts.upstream_local : entry.facts.downstream_direct_remote;
}

const SocketAddress& ServerEnd(const PackedEntry& entry) {
  return IsClient(entry) ? entry.facts.upstream_remote : entry.facts.downstream_local;
}

bool SameRequestId(const PackedEntry& a, const PackedEntry& b) {
  if (a.request_id_hash != b.request_id_hash) return false;
  const std::string_view x = a.text(Text::kRequestId);
  const std::string_view y = b.text(Text::kRequestId);
  if (x.size() != y.size()) return false;
  const size_t head = std::min(x.size(), kVersionDigit);
  if (x.substr(0, head) != y.substr(0, head)) return false;
  return x.size() <= kVersionDigit || x.substr(kVersionDigit + 1) == y.substr(kVersionDigit + 1);
}

bool SameText(const PackedEntry& a, const PackedEntry& b, Text which) {
  return a.text(which) == b.text(which);
}

// As they came, whatever a receiver has hidden of one of them.
bool PathsCameAlike(const PackedEntry& a, const PackedEntry& b) {
  if (a.path_mark != 0 || b.path_mark != 0) return a.path_mark == b.path_mark;
  return SameText(a, b, Text::kPath);
}

// A retry leaves from the same pod as the last attempt, unless it took the other address family.
bool MaybeSamePod(const SocketAddress& client_end, const SocketAddress& seen) {
  if (!client_end.present() || !seen.present() || client_end.is_v4() != seen.is_v4()) return true;
  return client_end.SameIp(seen);
}

bool OfOneNetwork(const PackedEntry& a, const PackedEntry& b) {
  return traffic::MayShareNetwork(a.node->network, b.node->network);
}

std::string_view Details(const PackedEntry& entry) {
  return entry.text(Text::kResponseCodeDetails);
}

bool FollowedRedirect(const PackedEntry& client) { return Details(client) == "internal_redirect"; }

// The client's code is its server's, as far as it can be known, and so is the status of a call: all
// calls that go through end with code 200.
bool CodesAgree(const PackedEntry& client, const PackedEntry& server) {
  const auto& c = client.facts;
  const auto& s = server.facts;
  const bool own =
      !Details(client).empty() && Details(client) != "via_upstream" && !FollowedRedirect(client);
  if (own || c.response_code == 0) return true;
  const bool statuses = c.grpc_status != traffic::GrpcStatus::kAbsent &&
                        s.grpc_status != traffic::GrpcStatus::kAbsent;
  return c.response_code == s.response_code && (!statuses || c.grpc_status == s.grpc_status);
}

// How much longer it took the client than the server: a short way, and never less.
Fit Nearness(const PackedEntry& client, const PackedEntry& server) {
  const base::Nanos c = client.facts.duration;
  const base::Nanos s = server.facts.duration;
  if (c < 0 || s < 0 || s > c + base::kMillisecond) return 0;
  Fit out = kNearest;
  for (base::Nanos way = (c - s) / (4 * base::kMillisecond); way > 0 && out > 1; way /= 4) --out;
  return out;
}

bool SamePath(const PackedEntry& client, const PackedEntry& server) {
  return PathsCameAlike(client, server) != FollowedRedirect(client);
}

bool SameMethod(const PackedEntry& client, const PackedEntry& server) {
  return FollowedRedirect(client) || client.facts.method == server.facts.method;
}

// What an end says of the other one does not contradict it; `told` gets whether it says anything.
bool Names(const PackedEntry& teller, const traffic::Node& other, bool* told) {
  const auto workload = teller.text(Text::kPeerWorkload);
  const auto ns = teller.text(Text::kPeerNamespace);
  if (workload.empty()) return true;
  *told = true;
  return workload == other.workload && (ns.empty() || ns == other.ns);
}

// The service that an Istio client asked for is of the server's namespace, or not known:
// "outbound|80||cart.shop.svc.cluster.local".
bool MayServe(const PackedEntry& client, const traffic::Node& server) {
  const auto cluster = client.text(Text::kUpstreamCluster);
  const auto host = cluster.substr(cluster.rfind('|') + 1);
  const size_t ns = host.find('.');
  const size_t end = host.find(".svc");
  if (!cluster.starts_with("outbound|") || end == std::string_view::npos || ns >= end) return true;
  return host.substr(ns + 1, end - ns - 1) == server.ns;
}

// What passes entries on may round their times, and no proxy begins one stream twice in a millisecond.
base::Nanos StartMs(const PackedEntry& entry) {
  return entry.facts.start_time / base::kMillisecond;
}

}  // namespace

uint32_t Attempts(const PackedEntry& client) {
  if (client.facts.kind == EntryKind::kTcp)
    return 1;  // attempts to connect: one server saw the one that worked
  return std::max<uint32_t>(1, client.facts.attempt_count);
}

bool NeverReachedServer(const PackedEntry& client) {
  if (Attempts(client) > 1) return false;  // an earlier attempt may have
  if (!client.facts.upstream_remote.present()) return true;
  return !client.facts.upstream_local.present() &&
         client.facts.response_flags.Contains(ResponseFlag::kUpstreamConnectionFailure);
}

bool JoinsNothing(const PackedEntry& entry) {
  if (IsClient(entry) && NeverReachedServer(entry)) return true;
  return ConnectionKey(entry) == 0 && RequestKey(entry) == 0;
}

bool TakesByRequest(const PackedEntry& client) {
  return Attempts(client) > 1 || !client.facts.upstream_local.present();
}

uint64_t ConnectionKey(const PackedEntry& entry) {
  const SocketAddress& client_end = ClientEnd(entry);
  const SocketAddress& server_end = ServerEnd(entry);
  if (!client_end.present() || !server_end.present()) return 0;
  Hasher hasher;
  hasher.Add(static_cast<uint64_t>(entry.facts.kind)).Add(client_end);
  if (entry.facts.kind == EntryKind::kTcp) return hasher.Finish();
  if (entry.request_id_hash != 0) return hasher.Add(entry.request_id_hash).Finish();
  return hasher.Add(server_end)
      .Add(static_cast<uint64_t>(entry.facts.method))
      .AddPath(entry)
      .Finish();
}

uint64_t RequestKey(const PackedEntry& entry) {
  if (entry.request_id_hash == 0 || entry.facts.kind == EntryKind::kTcp) return 0;
  return Hasher()
      .Add(entry.request_id_hash)
      .AddPath(entry)
      .Add(entry.text(Text::kAuthority))
      .Finish();
}

uint64_t ExchangeKey(const PackedEntry& entry) {
  const uint64_t connection = ConnectionKey(entry);
  if (connection == 0) return 0;
  if (entry.facts.kind == EntryKind::kTcp) {
    return Hasher().Add(connection).Add(entry.node->network).Finish();
  }
  if (entry.request_id_hash == 0) return 0;
  return Hasher()
      .Add(connection)
      .Add(entry.node->network)
      .Add(static_cast<uint64_t>(entry.facts.method))
      .AddPath(entry)
      .Finish();
}

uint64_t StreamKey(const PackedEntry& entry) {
  const traffic::EntryFacts& facts = entry.facts;
  return Hasher()
      .Add(entry.node->id)
      .Add((static_cast<uint64_t>(facts.kind) << 8) | static_cast<uint64_t>(facts.reporter))
      .Add(entry.request_id_hash)
      .Add(static_cast<uint64_t>(StartMs(entry)))
      .Add(facts.downstream_direct_remote)
      .Add(facts.downstream_local)
      .Finish();
}

bool SameStream(const PackedEntry& a, const PackedEntry& b) {
  const auto& x = a.facts;
  const auto& y = b.facts;
  return StartMs(a) == StartMs(b) && x.kind == y.kind && x.reporter == y.reporter &&
         x.downstream_direct_remote == y.downstream_direct_remote &&
         x.downstream_local == y.downstream_local && SameRequestId(a, b) &&
         a.node->id == b.node->id;
}

bool EndsStream(const PackedEntry& entry) {
  return entry.facts.moment == traffic::LogMoment::kEnd && !FollowedRedirect(entry);
}

uint64_t IdentityKey(const PackedEntry& entry, uint64_t node_hash) {
  const traffic::EntryFacts& facts = entry.facts;
  return Hasher()
      .Add(node_hash)
      .Add((uint64_t{facts.attempt_count} << 24) | (static_cast<uint64_t>(facts.method) << 16) |
           (static_cast<uint64_t>(facts.kind) << 8) | (static_cast<uint64_t>(facts.moment) << 4) |
           static_cast<uint64_t>(facts.reporter))
      .Add(entry.request_id_hash)
      .Add(static_cast<uint64_t>(facts.start_time))
      .Add(facts.downstream_direct_remote)
      .Add(facts.downstream_local)
      .Add(facts.upstream_local)
      .Add(facts.upstream_remote)
      .AddPath(entry)
      // A redirect that a proxy follows: two entries that differ in no more than how each ended.
      .Add(static_cast<uint64_t>(facts.duration))
      .Add(facts.response_code)
      .Add(Details(entry))
      .Finish();
}

Fit ConnectionFit(const PackedEntry& client, const PackedEntry& server) {
  if (client.facts.kind != server.facts.kind || ClientEnd(client) != ClientEnd(server) ||
      !OfOneNetwork(client, server)) {
    return kNoFit;
  }
  const bool server_end = ServerEnd(client) == ServerEnd(server);
  if (client.facts.kind == EntryKind::kTcp) return server_end ? kSureFit : 1;
  if (!SameRequestId(client, server)) return kNoFit;
  const bool method = SameMethod(client, server);
  const bool path = SamePath(client, server);
  const bool code = CodesAgree(client, server);
  if (client.request_id_hash == 0) {
    // Nothing else tells one request of the connection from the next.
    const bool same =
        server_end && client.facts.method == server.facts.method && PathsCameAlike(client, server);
    return !same ? kNoFit : code ? kSureFit : 1;
  }
  const Fit fit = 1 + (server_end ? 16 : 0) + (method ? 8 : 0) + (path ? 4 : 0) + (code ? 2 : 0);
  const bool sure = method && code && (path || FollowedRedirect(client));
  return sure ? kSureFit + fit : fit;
}

Fit SureFit(const PackedEntry& client, const PackedEntry& server) {
  if (ConnectionFit(client, server) < kSureFit) return kNoFit;
  const auto& c = client.facts;
  const auto& s = server.facts;
  const bool sizes = c.request_body_bytes == s.request_body_bytes &&
                     c.response_body_bytes == s.response_body_bytes;
  const Fit near = Nearness(client, server);
  return sizes && near == kNearest ? kBestFit : 1 + (sizes ? 2 * kNearest : 0) + near;
}

Between BetweenHalves(const PackedEntry& client, const PackedEntry& server) {
  if (client.request_id_hash == 0 || client.facts.kind != server.facts.kind ||
      !SameRequestId(client, server) || !PathsCameAlike(client, server) ||
      !SameText(client, server, Text::kAuthority) || client.facts.method != server.facts.method ||
      client.node->id == server.node->id) {
    return Between::kNothing;
  }
  const SocketAddress& from = ClientEnd(client);
  const bool one_network = OfOneNetwork(client, server);
  if (!from.present() && one_network && ServerEnd(client) == ServerEnd(server)) {
    return Between::kTunnel;
  }
  // Another connection of the same pod: a mirror's, or another call.
  if (from.present() && one_network && from.SameIp(ClientEnd(server))) return Between::kNothing;
  bool client_named = false;
  bool server_named = false;
  if (!CodesAgree(client, server) || !MayServe(client, *server.node) ||
      !Names(server, *client.node, &client_named) || !Names(client, *server.node, &server_named)) {
    return Between::kNothing;
  }
  return client_named || !one_network ? Between::kMachine : Between::kPerhaps;
}

bool Succeeded(const PackedEntry& server) {
  const auto& facts = server.facts;
  return facts.response_code > 0 && facts.response_code < 400 && facts.response_flags.empty() &&
         facts.grpc_status <= traffic::GrpcStatus::kOk;
}

bool MaybeAttempt(const PackedEntry& client, const PackedEntry& server) {
  if (client.request_id_hash == 0 || Attempts(client) == 1 ||
      client.facts.kind != server.facts.kind || !SameRequestId(client, server) ||
      !PathsCameAlike(client, server) || !SameText(client, server, Text::kAuthority) ||
      !MaybeSamePod(ClientEnd(client), ClientEnd(server))) {
    return false;
  }
  // Through a tunnel no connection tells which one was the last.
  return !Succeeded(server) ||
         (!ClientEnd(client).present() && ServerEnd(client) == ServerEnd(server));
}

}  // namespace traffictap::pairing
