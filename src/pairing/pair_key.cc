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

// A retry leaves from the same pod as the last attempt, unless it took the other address family.
bool MaybeSamePod(const SocketAddress& client_end, const SocketAddress& seen) {
  if (!client_end.present() || !seen.present() || client_end.is_v4() != seen.is_v4()) return true;
  return client_end.ip == seen.ip;
}

// The client's addresses are not the whole story: there were other attempts, or it has no address
// to compare (an internal listener's).
bool MayJoinWithoutAddresses(const PackedEntry& client) {
  return Attempts(client) > 1 || !client.facts.upstream_local.present();
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

uint64_t ConnectionKey(const PackedEntry& entry) {
  const SocketAddress& client_end = ClientEnd(entry);
  const SocketAddress& server_end = ServerEnd(entry);
  if (!client_end.present() || !server_end.present()) return 0;
  Hasher hasher;
  hasher.Add(static_cast<uint64_t>(entry.facts.kind)).Add(client_end).Add(server_end);
  if (entry.facts.kind == EntryKind::kTcp) return hasher.Finish();
  if (entry.request_id_hash != 0) return hasher.Add(entry.request_id_hash).Finish();
  return hasher.Add(static_cast<uint64_t>(entry.facts.method))
      .Add(entry.text(Text::kPath))
      .Finish();
}

uint64_t RequestKey(const PackedEntry& entry) {
  if (entry.request_id_hash == 0 || entry.facts.kind == EntryKind::kTcp) return 0;
  if (IsClient(entry) && !MayJoinWithoutAddresses(entry)) return 0;
  return Hasher()
      .Add(entry.request_id_hash)
      .Add(entry.text(Text::kPath))
      .Add(entry.text(Text::kAuthority))
      .Finish();
}

uint64_t IdentityKey(const PackedEntry& entry, uint64_t node_hash) {
  const traffic::EntryFacts& facts = entry.facts;
  return Hasher()
      .Add(node_hash)
      .Add((uint64_t{facts.attempt_count} << 24) | (static_cast<uint64_t>(facts.method) << 16) |
           (static_cast<uint64_t>(facts.kind) << 8) | static_cast<uint64_t>(facts.reporter))
      .Add(entry.request_id_hash)
      .Add(static_cast<uint64_t>(facts.start_time))
      .Add(facts.downstream_direct_remote)
      .Add(facts.downstream_local)
      .Add(facts.upstream_local)
      .Add(facts.upstream_remote)
      .Add(entry.text(Text::kPath))
      .Finish();
}

bool SameConnection(const PackedEntry& client, const PackedEntry& server) {
  if (client.facts.kind != server.facts.kind) return false;
  if (ClientEnd(client) != ClientEnd(server) || ServerEnd(client) != ServerEnd(server))
    return false;
  if (client.facts.kind == EntryKind::kTcp) return true;
  if (!SameRequestId(client, server)) return false;
  if (client.request_id_hash != 0) return true;
  return client.facts.method == server.facts.method && SameText(client, server, Text::kPath);
}

bool MaybeAttempt(const PackedEntry& client, const PackedEntry& server) {
  return client.request_id_hash != 0 && MayJoinWithoutAddresses(client) &&
         client.facts.kind == server.facts.kind && SameRequestId(client, server) &&
         SameText(client, server, Text::kPath) && SameText(client, server, Text::kAuthority) &&
         MaybeSamePod(ClientEnd(client), ClientEnd(server));
}

}  // namespace traffictap::pairing
