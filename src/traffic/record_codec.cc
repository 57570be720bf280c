// SPDX-License-Identifier: Apache-2.0

// The form: version, origin (2 texts), nodes, records. A text is its length and its bytes; a list
// its size and its members. A record: verdict, orphan reason, weight, numbers of clients (0 or 1)
// and of servers, their entries. An entry: its node, the hash of its request id, numbers,
// addresses, texts.
#include "traffic/record_codec.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "traffic/byte_codec.h"

namespace traffictap::traffic {
namespace {

using Writer = ByteWriter;
using Reader = ByteReader;

constexpr uint64_t kVersion = 2;
constexpr size_t kAddressBytes = 18;
constexpr int64_t kAny = INT64_MAX;
constexpr double kWeightMax = 1e18;

// The numbers of an entry in the order of the bytes, each with its highest value: new ones go last.
void VisitNumbers(auto& facts, auto visit) {
  visit(facts.kind, 1);
  visit(facts.reporter, 1);
  visit(facts.moment, 2);
  visit(facts.http_version, 4);
  visit(facts.method, 9);
  visit(facts.peer_mesh, 2);
  visit(facts.grpc_status, 16);
  visit(facts.tls_version, UINT8_MAX);
  visit(facts.access_log_type, UINT8_MAX);
  visit(facts.response_code, UINT32_MAX);
  visit(facts.attempt_count, UINT32_MAX);
  visit(facts.unknown_fields, UINT32_MAX);
  visit(facts.start_time, kAny);
  visit(facts.last_rx_byte, kAny);
  visit(facts.first_upstream_tx_byte, kAny);
  visit(facts.last_upstream_tx_byte, kAny);
  visit(facts.first_upstream_rx_byte, kAny);
  visit(facts.last_upstream_rx_byte, kAny);
  visit(facts.first_downstream_tx_byte, kAny);
  visit(facts.last_downstream_tx_byte, kAny);
  visit(facts.duration, kAny);
  visit(facts.request_headers_bytes, kAny);
  visit(facts.request_body_bytes, kAny);
  visit(facts.response_headers_bytes, kAny);
  visit(facts.response_body_bytes, kAny);
  visit(facts.downstream_wire_bytes_sent, kAny);
  visit(facts.downstream_wire_bytes_received, kAny);
  visit(facts.upstream_wire_bytes_sent, kAny);
  visit(facts.upstream_wire_bytes_received, kAny);
  visit(facts.dry_run, 2);
  visit(facts.trace.trace_high, kAny);
  visit(facts.trace.trace_low, kAny);
  visit(facts.trace.span, kAny);
  visit(facts.trace.flags, UINT8_MAX);
}

void VisitAddresses(auto& facts, auto visit) {
  visit(facts.downstream_remote);
  visit(facts.downstream_direct_remote);
  visit(facts.downstream_local);
  visit(facts.upstream_local);
  visit(facts.upstream_remote);
}

void VisitTexts(auto& node, auto visit) {
  visit(node.id);
  visit(node.cluster);
  visit(node.proxy_type);
  visit(node.ip);
  visit(node.pod);
  visit(node.ns);
  visit(node.workload);
  visit(node.service_account);
  visit(node.cluster_id);
  visit(node.network);
  visit(node.zone);
}

size_t NumberOfNumbers() {
  EntryFacts facts;
  size_t out = 0;
  VisitNumbers(facts, [&](auto&, int64_t) { ++out; });
  return out + 1;  // the flags
}

void WriteNode(const Node& node, Writer* out) {
  VisitTexts(node, [&](const std::string& text) { out->Text(text); });
  out->Number(node.labels.size());
  for (const auto& [name, value] : node.labels) {
    out->Text(name);
    out->Text(value);
  }
}

void WriteAddress(const SocketAddress& address, Writer* out) {
  if (!address.present()) return out->Text({});
  std::string bytes(reinterpret_cast<const char*>(address.ip.data()), address.ip.size());
  bytes.push_back(static_cast<char>(address.port));
  bytes.push_back(static_cast<char>(address.port >> 8));
  out->Text(bytes);
}

void WriteEntry(const PackedEntry& entry, size_t node, Writer* out) {
  static const size_t kNumbers = NumberOfNumbers();
  out->Number(node);
  out->Fixed(entry.request_id_hash, 8);
  out->Number(kNumbers);
  VisitNumbers(entry.facts,
               [&](const auto& value, int64_t) { out->Signed(static_cast<int64_t>(value)); });
  out->Signed(static_cast<int64_t>(entry.facts.response_flags.bits()));
  out->Number(5);
  VisitAddresses(entry.facts, [&](const SocketAddress& address) { WriteAddress(address, out); });
  out->Number(kTextCount);
  for (const std::string_view text : Unpack(entry).texts) out->Text(text);
}

// Calls visit(entry) for each entry of the pair, client first.
void ForEachEntry(const TrafficPair& pair, auto visit) {
  if (pair.client != nullptr) visit(*pair.client);
  for (const auto* server : pair.servers) visit(*server);
}

// A header list is read without checks: here it comes from a disk.
bool IsHeaderList(std::string_view list) {
  while (!list.empty()) {
    if (list.size() < 4) return false;
    const auto* bytes = reinterpret_cast<const uint8_t*>(list.data());
    uint16_t lengths[2];
    std::copy(bytes, bytes + sizeof(lengths), reinterpret_cast<uint8_t*>(lengths));
    const size_t size = size_t{4} + lengths[0] + lengths[1];
    if (size > list.size()) return false;
    list.remove_prefix(size);
  }
  return true;
}

NodePtr ReadNode(Reader* in) {
  auto node = std::make_shared<Node>();
  VisitTexts(*node, [&](std::string& text) { text = in->Text(); });
  for (size_t left = in->Count(); left > 0; --left) {
    std::string name(in->Text());
    node->labels[std::move(name)] = in->Text();
  }
  return node;
}

SocketAddress ReadAddress(Reader* in) {
  const std::string_view bytes = in->Text();
  SocketAddress out;
  if (bytes.empty()) return out;
  if (bytes.size() != kAddressBytes) {
    in->Fail("an address has the wrong size");
    return out;
  }
  for (size_t i = 0; i < out.ip.size(); ++i) out.ip[i] = static_cast<uint8_t>(bytes[i]);
  out.port =
      static_cast<uint16_t>(static_cast<uint8_t>(bytes[16]) | static_cast<uint8_t>(bytes[17]) << 8);
  return out;
}

ResponseFlags ReadFlags(uint64_t bits) {
  ResponseFlags out;
  for (unsigned flag = 1; flag <= kResponseFlagMax; ++flag) {
    if ((bits >> flag & 1) != 0) out.Add(static_cast<ResponseFlag>(flag));
  }
  return out;
}

void ReadNumbers(Reader* in, EntryFacts* facts) {
  size_t left = in->Count();
  VisitNumbers(*facts, [&](auto& to, int64_t highest) {
    if (left == 0) return;
    --left;
    using T = std::remove_reference_t<decltype(to)>;
    const int64_t value = in->Signed();
    const int64_t lowest = std::is_same_v<T, GrpcStatus> ? -1 : highest == kAny ? INT64_MIN : 0;
    if (value < lowest || value > highest) return in->Fail("a number is out of its range");
    to = static_cast<T>(value);
  });
  if (left > 0) {
    --left;
    facts->response_flags = ReadFlags(static_cast<uint64_t>(in->Signed()));
  }
  for (; left > 0; --left) in->Signed();
}

struct DecodedEntry {
  AccessEntry entry;  // its texts are in the bytes
  uint64_t hash = 0;
  size_t node = 0;
};

DecodedEntry ReadEntry(size_t nodes, Reader* in) {
  DecodedEntry out;
  out.node = in->Number();
  if (out.node >= nodes) in->Fail("an entry is of no node");
  out.hash = in->Fixed(8);
  ReadNumbers(in, &out.entry.facts);
  size_t left = in->Count();
  VisitAddresses(out.entry.facts, [&](SocketAddress& to) {
    if (left == 0) return;
    --left;
    to = ReadAddress(in);
  });
  for (; left > 0; --left) in->Text();
  left = in->Count();
  for (size_t i = 0; i < left; ++i) {
    const std::string_view text = in->Text();
    if (i < kTextCount) out.entry.texts[i] = text;
  }
  for (const Text list : {Text::kRequestHeaders, Text::kResponseHeaders, Text::kResponseTrailers}) {
    if (!IsHeaderList(out.entry.text(list))) in->Fail("a list of headers is torn");
  }
  return out;
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
    const DecodedEntry decoded = ReadEntry(nodes.size(), in);
    if (!in->ok()) return;
    out->owners.push_back(nodes[decoded.node]);
    PackedEntry* entry = out->storage.Add(decoded.entry, decoded.hash);
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
  out.Text(batch.origin().collector);
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
    ForEachEntry(pair,
                 [&](const PackedEntry& entry) { WriteEntry(entry, places[entry.node], &out); });
  }
  return out.Take();
}

Status DecodeRecords(std::string_view bytes, std::shared_ptr<RecordBatch>* batch) {
  Reader in(bytes);
  if (in.Number() != kVersion) return absl::DataLossError("records of another version");
  RecordOrigin origin;
  origin.tap = in.Text();
  origin.collector = in.Text();
  std::vector<NodePtr> nodes;
  for (size_t left = in.Count(); left > 0 && in.ok(); --left) nodes.push_back(ReadNode(&in));
  DecodedRecords decoded;
  for (size_t left = in.Count(); left > 0 && in.ok(); --left) ReadRecord(nodes, &in, &decoded);
  if (!in.ok()) return absl::DataLossError(fmt::format("records cannot be read: {}", in.fault()));
  if (!in.AtEnd()) return absl::DataLossError("records cannot be read: bytes are left over");
  if (!*batch) {
    *batch = std::make_shared<RecordBatch>(std::make_shared<RecordOrigin>(std::move(origin)));
  } else if ((*batch)->origin().tap != origin.tap ||
             (*batch)->origin().collector != origin.collector) {
    return absl::FailedPreconditionError("records of another origin");
  }
  decoded.AddTo(batch->get());
  return absl::OkStatus();
}

}  // namespace traffictap::traffic
