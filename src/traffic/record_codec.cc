// SPDX-License-Identifier: Apache-2.0

// The form: version, the tap, an empty text (older builds put the collector's name there), nodes, records. A
// text is its length and its bytes; a list its size and its members. A record: verdict, orphan reason,
// weight, numbers of clients (0 or 1) and of servers, their entries: each its node and what
// entry_codec.h writes.
#include "traffic/record_codec.h"

#include <bit>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "traffic/byte_codec.h"
#include "traffic/entry_codec.h"

namespace traffictap::traffic {
namespace {

using Writer = ByteWriter;
using Reader = ByteReader;

constexpr uint64_t kVersion = 2;
constexpr double kWeightMax = 1e18;

// Calls visit(entry) for each entry of the pair, client first.
void ForEachEntry(const TrafficPair& pair, auto visit) {
  if (pair.client != nullptr) visit(*pair.client);
  for (const auto* server : pair.servers) visit(*server);
}

// Of a whole block: nothing goes into a batch before all of it was read well.
struct DecodedRecords {
  struct Record {
    size_t first = 0;  // of entries
    bool client = false;
    size_t servers = 0;
    Verdict verdict = Verdict::kOk;
    OrphanReason orphan_reason = OrphanReason::kNone;
    double weight = 1;
  };
  EntryBatch storage{nullptr};
  std::vector<const PackedEntry*> entries;
  std::vector<NodePtr> owners;  // of each entry's node
  std::vector<Record> records;

  void AddTo(RecordBatch* batch) const {
    for (const Record& record : records) {
      const size_t count = record.servers + (record.client ? 1 : 0);
      const auto all = std::span(entries).subspan(record.first, count);
      TrafficPair pair;
      pair.verdict = record.verdict;
      pair.orphan_reason = record.orphan_reason;
      pair.weight = record.weight;
      if (record.client) pair.client = all[0];
      pair.servers = all.last(record.servers);
      batch->Add(pair, std::span(owners).subspan(record.first, count));
    }
  }
};

void ReadRecord(const std::vector<NodePtr>& nodes, Reader* in, DecodedRecords* out) {
  const uint64_t verdict = in->Number();
  const uint64_t reason = in->Number();
  const auto weight = std::bit_cast<double>(in->Fixed(sizeof(double)));
  const uint64_t clients = in->Number();
  const size_t servers = in->Count();
  if (verdict >= kVerdictCount || reason >= kOrphanReasonCount || clients > 1 ||
      clients + servers == 0 || !(weight >= 1 && weight < kWeightMax)) {
    return in->Fail("a record is none");
  }
  out->records.push_back({out->entries.size(), clients == 1, servers, static_cast<Verdict>(verdict),
                          static_cast<OrphanReason>(reason), weight});
  for (size_t i = 0; i < clients + servers; ++i) {
    const uint64_t node = in->Number();
    if (node >= nodes.size()) in->Fail("an entry is of no node");
    const DecodedEntry decoded = ReadEntry(in);
    if (!in->ok()) return;
    out->owners.push_back(nodes[node]);
    PackedEntry* entry = out->storage.Add(decoded.entry, decoded.request_id_hash);
    entry->node = out->owners.back().get();
    out->entries.push_back(entry);
  }
}

}  // namespace

std::string EncodeRecords(const RecordSelection& records, size_t from, size_t count) {
  const RecordBatch& batch = *records.batch;
  std::map<const Node*, size_t> places;
  std::vector<const Node*> nodes;
  for (size_t i = from; i < from + count; ++i) {
    ForEachEntry(batch.pair(records.index(i)), [&](const PackedEntry& entry) {
      if (places.emplace(entry.node, nodes.size()).second) nodes.push_back(entry.node);
    });
  }
  Writer out;
  out.Number(kVersion);
  out.Text(batch.origin().tap);
  out.Text({});
  out.Number(nodes.size());
  for (const Node* node : nodes) WriteNode(*node, &out);
  out.Number(count);
  for (size_t i = from; i < from + count; ++i) {
    const TrafficPair pair = batch.pair(records.index(i));
    out.Number(static_cast<uint64_t>(pair.verdict));
    out.Number(static_cast<uint64_t>(pair.orphan_reason));
    out.Fixed(std::bit_cast<uint64_t>(pair.weight), sizeof(double));
    out.Number(pair.client != nullptr ? 1 : 0);
    out.Number(pair.servers.size());
    ForEachEntry(pair, [&](const PackedEntry& entry) {
      out.Number(places[entry.node]);
      WriteEntry(entry, &out);
    });
  }
  return out.Take();
}

Status DecodeRecords(std::string_view bytes, std::shared_ptr<RecordBatch>* batch) {
  Reader in(bytes);
  if (in.Number() != kVersion) return absl::DataLossError("records of another version");
  RecordOrigin origin;
  origin.tap = in.Text();
  in.Text();
  std::vector<NodePtr> nodes;
  for (size_t left = in.Count(); left > 0 && in.ok(); --left) {
    auto node = std::make_shared<Node>();
    ReadNode(&in, node.get());
    nodes.push_back(std::move(node));
  }
  DecodedRecords decoded;
  for (size_t left = in.Count(); left > 0 && in.ok(); --left) ReadRecord(nodes, &in, &decoded);
  if (!in.ok()) return absl::DataLossError(fmt::format("records cannot be read: {}", in.fault()));
  if (!in.AtEnd()) return absl::DataLossError("records cannot be read: bytes are left over");
  if (!*batch) {
    *batch = std::make_shared<RecordBatch>(std::make_shared<RecordOrigin>(std::move(origin)));
  } else if ((*batch)->origin().tap != origin.tap) {
    return absl::FailedPreconditionError("records of another tap");
  }
  decoded.AddTo(batch->get());
  return absl::OkStatus();
}

}  // namespace traffictap::traffic
