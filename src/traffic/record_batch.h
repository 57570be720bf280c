// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "traffic/entry_batch.h"
#include "traffic/traffic_pair.h"

namespace traffictap::traffic {

// Names the tap whose records these are. Immutable; shared by all batches of the tap.
struct RecordOrigin {
  std::string tap;        // "namespace/name"
  std::string collector;  // the collector's own name: a record's id is unique together with it
};

struct RecordSelection;

// A tap's records on their way to its outputs: filtered, redacted, cut down to what the tap may
// see. Filled by one thread, then shared as const by all outputs; from then on thread-safe.
class RecordBatch {
 public:
  explicit RecordBatch(std::shared_ptr<const RecordOrigin> origin);

  // Makes of an entry what the tap may show. The views of the result are used before the next call.
  using Redact = std::function<AccessEntry(const AccessEntry&)>;

  // Copies `pair` in, each entry through `redact` (null: as it is). `nodes` are the owners of the
  // entries' nodes, client first where there is one.
  void Add(const TrafficPair& pair, std::span<const NodePtr> nodes, const Redact& redact = nullptr);

  // --- after sharing ---
  size_t size() const { return pairs_.size(); }
  const RecordOrigin& origin() const { return *origin_; }
  TrafficPair pair(size_t index) const;
  // The record as one line of JSON with its '\n'. The first call renders the whole batch, later
  // ones reuse it.
  std::string_view json_line(size_t index) const;
  // What keeps all records of one request together, for example in one Kafka partition: the request
  // id with its version digit masked, or the connection's addresses where there is none.
  std::string key(size_t index) const;
  // What the batch takes in memory (JSON not included).
  size_t bytes() const { return bytes_; }
  // The same with its JSON, rendered or not: whoever renders it first, it then stays as long as the
  // batch. What holds a batch is charged this.
  size_t footprint() const { return bytes_ + json_bytes_; }

 private:
  struct Slot {
    const PackedEntry* client;
    uint32_t first_server;
    uint32_t server_count;
    Verdict verdict;
    OrphanReason orphan_reason;
    double weight;
  };
  friend RecordSelection CopySelected(const RecordSelection& records);
  const PackedEntry* Copy(const PackedEntry& entry, const NodePtr& node, const Redact& redact);
  void Render() const;

  std::shared_ptr<const RecordOrigin> origin_;
  std::vector<Slot> pairs_;
  std::vector<const PackedEntry*> servers_;
  EntryBatch storage_;
  std::vector<NodePtr> nodes_;
  size_t bytes_ = 0;
  size_t json_bytes_ = 0;  // about as much as Render takes
  mutable std::once_flag rendered_;
  mutable std::string json_;
  mutable std::vector<uint32_t> line_ends_;
};

// Some records of a batch, for one output. `indexes` is ascending; empty means all of them.
struct RecordSelection {
  std::shared_ptr<const RecordBatch> batch;
  std::vector<uint32_t> indexes;

  size_t size() const { return indexes.empty() ? batch->size() : indexes.size(); }
  size_t index(size_t i) const { return indexes.empty() ? i : indexes[i]; }
};

// The same records in a batch of their own, which does not keep the others in memory.
RecordSelection CopySelected(const RecordSelection& records);

}  // namespace traffictap::traffic
