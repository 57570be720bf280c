// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "traffic/record_store.h"

namespace traffictap::traffic {

struct RecordSelection;

// A record as one line of JSON with its '\n': `start`, `tap` and `rest` in this order. Taps that show
// the record alike have all but `tap` in common. Views that live as long as the batch.
struct JsonLine {
  std::string_view start;
  std::string_view tap;
  std::string_view rest;

  size_t size() const { return start.size() + tap.size() + rest.size(); }
  void AppendTo(std::string* out) const { out->append(start).append(tap).append(rest); }
};

// A tap's records on their way to its outputs: filtered, redacted, cut down to what the tap may
// see. Filled by one thread, then shared as const by all outputs; from then on thread-safe.
class RecordBatch {
 public:
  explicit RecordBatch(std::shared_ptr<const RecordOrigin> origin);
  RecordBatch(const RecordBatch&) = delete;
  RecordBatch& operator=(const RecordBatch&) = delete;

  using Redact = RecordStore::Redact;

  // As RecordStore::Add, into a store that no other batch has.
  void Add(const TrafficPair& pair, std::span<const NodePtr> nodes, const Redact& redact = nullptr);
  // Takes in a record that other batches may have too. Before the batch is shared, `store` has got its
  // last record.
  void AddShared(const std::shared_ptr<const RecordStore>& store, uint32_t index);

  // --- after sharing ---
  size_t size() const { return places_.size(); }
  const RecordOrigin& origin() const { return *origin_; }
  TrafficPair pair(size_t index) const;
  // The first call of any batch with the same store renders the whole store, later ones reuse it.
  JsonLine json(size_t index) const;
  // The same in one piece, a copy.
  std::string json_line(size_t index) const;
  // What keeps all records of one request together, for example in one Kafka partition: the request
  // id with its version digit masked, or the connection's addresses where there is none.
  std::string key(size_t index) const;
  // What the batch keeps in memory (JSON not included): whole stores, also where others have them too.
  size_t bytes() const;
  // The same with the JSON, rendered or not. What holds a batch is charged this.
  size_t footprint() const;
  // How many records it keeps in memory: its own ones, and all of the stores that it has with others.
  size_t held() const;

 private:
  struct Place {
    const RecordStore* store;
    uint32_t index;
  };
  friend RecordSelection CopySelected(const RecordSelection& records);

  const std::shared_ptr<const RecordOrigin> origin_;
  const std::string tap_json_;
  std::vector<Place> places_;
  std::shared_ptr<RecordStore> own_;                        // null: nothing was Added
  std::vector<std::shared_ptr<const RecordStore>> stores_;  // of all places
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

// CopySelected where the selection keeps more than four times its records in memory; else the same.
// Copying many costs more than it frees.
RecordSelection Detached(RecordSelection records);

}  // namespace traffictap::traffic
