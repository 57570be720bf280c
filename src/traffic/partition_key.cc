// SPDX-License-Identifier: Apache-2.0
#include "traffic/partition_key.h"

#include "base/fnv1a.h"
#include "traffic/mix_bits.h"

namespace traffictap::traffic {
namespace {

// Which rule made a key, so that equal words of two rules are no equal keys.
enum class Rule : uint64_t { kRequestId = 1, kHttpConnection, kTcpConnection, kStream };

// The words, whatever the machine's byte order.
class Words {
 public:
  explicit Words(Rule rule) { Add(static_cast<uint64_t>(rule)); }

  Words& Add(uint64_t word) {
    hash_ = MixBits((hash_ ^ word) + 0x9e3779b97f4a7c15ULL);
    return *this;
  }
  Words& Add(const SocketAddress& address) {
    uint64_t words[2] = {};
    for (size_t i = 0; i < address.ip.size(); ++i) {
      words[i / 8] = (words[i / 8] << 8) | address.ip[i];
    }
    return Add(words[0]).Add(words[1]).Add(address.port);
  }
  Words& Add(std::string_view text) { return Add(base::Fnv1a(text)); }

  uint64_t hash() const { return hash_; }

 private:
  uint64_t hash_ = 0;
};

}  // namespace

uint64_t PartitionKey(const EntryFacts& facts, uint64_t request_id_hash, std::string_view path,
                      std::string_view node_id) {
  const bool http = facts.kind == EntryKind::kHttp;
  // Mixed again: sampling keeps the ids whose hashes are small, which would be the first partitions.
  if (http && request_id_hash != 0) return Words(Rule::kRequestId).Add(request_id_hash).hash();
  const bool client = facts.reporter == Reporter::kSource;
  const SocketAddress& client_end = client ? facts.upstream_local : facts.downstream_direct_remote;
  const SocketAddress& server_end = client ? facts.upstream_remote : facts.downstream_local;
  if (!client_end.present() || !server_end.present()) {
    // What a stream's entries have in common from its beginning on. Of the start the millisecond: what
    // passes entries on may round it.
    return Words(Rule::kStream)
        .Add(node_id)
        .Add((static_cast<uint64_t>(facts.kind) << 8) | static_cast<uint64_t>(facts.reporter))
        .Add(static_cast<uint64_t>(facts.start_time / base::kMillisecond))
        .Add(facts.downstream_direct_remote)
        .Add(facts.downstream_local)
        .hash();
  }
  if (!http) return Words(Rule::kTcpConnection).Add(client_end).hash();
  return Words(Rule::kHttpConnection)
      .Add(client_end)
      .Add(server_end)
      .Add(static_cast<uint64_t>(facts.method))
      .Add(path)
      .hash();
}

uint64_t PartitionKey(const PackedEntry& entry) {
  return PartitionKey(entry.facts, entry.request_id_hash, entry.text(Text::kPath), entry.node->id);
}

}  // namespace traffictap::traffic
