// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <ostream>
#include <string>
#include <vector>

#include "pairing/pairer.h"

namespace traffictap::fakes {

// What a pairer emitted, by the tags of the halves (EntryBuilder::Tag).
struct Emitted {
  std::string client;
  std::vector<std::string> servers;
  traffic::OrphanReason reason = traffic::OrphanReason::kNone;
  traffic::TapSet taps;  // that want any of the halves

  friend bool operator==(const Emitted&, const Emitted&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Emitted& emitted) {
    out << "client=" << emitted.client << " servers=";
    for (const auto& server : emitted.servers) out << server << ",";
    return out << " reason=" << traffic::ToString(emitted.reason);
  }
};

class CollectingConsumer final : public pairing::PairConsumer {
 public:
  void Consume(const traffic::TrafficPair& pair, std::span<const traffic::NodePtr> nodes) override {
    Emitted out;
    if (pair.client != nullptr) out.client = Tag(*pair.client, &out);
    for (const auto* server : pair.servers) out.servers.push_back(Tag(*server, &out));
    out.reason = pair.orphan_reason;
    nodes_match = nodes_match && Owned(pair, nodes);
    verdicts.push_back(pair.verdict);
    open.push_back(pair.open());
    emitted.push_back(std::move(out));
  }

  std::vector<Emitted> emitted;
  std::vector<traffic::Verdict> verdicts;  // of the same index
  std::deque<bool> open;                   // the same
  bool nodes_match = true;                 // each half came with the owner of its node

 private:
  static std::string Tag(const traffic::PackedEntry& entry, Emitted* out) {
    out->taps |= entry.taps;
    return std::string(entry.text(traffic::Text::kReferer));
  }
  static bool Owned(const traffic::TrafficPair& pair, std::span<const traffic::NodePtr> nodes) {
    size_t at = 0;
    bool owned = nodes.size() == pair.servers.size() + (pair.client != nullptr ? 1 : 0);
    if (pair.client != nullptr) owned = owned && nodes[at++].get() == pair.client->node;
    for (const auto* server : pair.servers) owned = owned && nodes[at++].get() == server->node;
    return owned;
  }
};

}  // namespace traffictap::fakes
