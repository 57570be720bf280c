// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "traffic/entry_batch.h"
#include "traffic/traffic_pair.h"

namespace traffictap::traffic {

// Names the tap whose records these are. Immutable; shared by all batches of the tap.
struct RecordOrigin {
  std::string tap;  // "namespace/name"
};

// Records as taps may show them, redacted, but for the tap's name: batches of several taps that show
// them alike hold one store in common, and what is made of a record is made once. Filled by one
// thread, then shared as const; from then on thread-safe.
class RecordStore {
 public:
  RecordStore() = default;
  RecordStore(const RecordStore&) = delete;
  RecordStore& operator=(const RecordStore&) = delete;

  // Makes of an entry what the tap may show. The views of the result are used before the next call.
  using Redact = std::function<AccessEntry(const AccessEntry&)>;

  // Copies `pair` in, each entry through `redact` (null: as it is). `nodes` are the owners of the
  // entries' nodes, client first where there is one. Returns the record's index.
  uint32_t Add(const TrafficPair& pair, std::span<const NodePtr> nodes,
               const Redact& redact = nullptr);

  size_t size() const { return pairs_.size(); }
  TrafficPair pair(size_t index) const;
  // The owners of the nodes of all entries.
  const std::vector<NodePtr>& nodes() const { return nodes_; }
  // What the store takes in memory (JSON not included).
  size_t bytes() const { return bytes_; }
  // The same with its JSON, rendered or not: whoever renders it first, it then stays as long as the
  // store. What holds a store is charged this.
  size_t footprint() const { return bytes_ + json_bytes_; }

  // --- after sharing
  // The record as one line of JSON with its '\n', as AppendPairJson writes it for a tap without a
  // name. The first call renders the whole store, later ones reuse it.
  std::string_view json_line(size_t index) const;

 private:
  struct Slot {
    const PackedEntry* client;
    uint32_t first_server;
    uint32_t server_count;
    Verdict verdict;
    OrphanReason orphan_reason;
    double weight;
  };
  const PackedEntry* Copy(const PackedEntry& entry, const NodePtr& node, const Redact& redact);
  void Render() const;

  std::vector<Slot> pairs_;
  std::vector<const PackedEntry*> servers_;
  EntryBatch storage_{nullptr};
  std::vector<NodePtr> nodes_;
  size_t bytes_ = 0;
  size_t json_bytes_ = 0;  // about as much as Render takes
  mutable std::once_flag rendered_;
  mutable std::string json_;
  mutable std::vector<uint32_t> line_ends_;
};

}  // namespace traffictap::traffic
