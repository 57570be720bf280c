// SPDX-License-Identifier: Apache-2.0

// A text is its length and its bytes; a list its size and its members. An entry: the hash of its
// request id, numbers, addresses, texts.
#include "traffic/entry_codec.h"

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>

namespace traffictap::traffic {
namespace {

constexpr size_t kAddressBytes = 18;
constexpr int64_t kAny = INT64_MAX;

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

// A header list is read without checks: here it comes from outside. What is too long would be cut
// where it is packed.
bool IsHeaderList(std::string_view list) {
  if (list.size() > AccessEntry::kTextBytesMax) return false;
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

ResponseFlags ReadFlags(uint64_t bits) {
  ResponseFlags out;
  for (unsigned flag = 1; flag <= kResponseFlagMax; ++flag) {
    if ((bits >> flag & 1) != 0) out.Add(static_cast<ResponseFlag>(flag));
  }
  return out;
}

void ReadNumbers(ByteReader* in, EntryFacts* facts) {
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

}  // namespace

void WriteNode(const Node& node, ByteWriter* out) {
  VisitTexts(node, [&](const std::string& text) { out->Text(text); });
  out->Number(node.labels.size());
  for (const auto& [name, value] : node.labels) {
    out->Text(name);
    out->Text(value);
  }
}

void WriteAddress(const SocketAddress& address, ByteWriter* out) {
  if (!address.present()) return out->Text({});
  std::string bytes(reinterpret_cast<const char*>(address.ip.data()), address.ip.size());
  bytes.push_back(static_cast<char>(address.port));
  bytes.push_back(static_cast<char>(address.port >> 8));
  out->Text(bytes);
}

void WriteEntry(const PackedEntry& entry, ByteWriter* out) {
  static const size_t kNumbers = NumberOfNumbers();
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

void ReadNode(ByteReader* in, Node* out) {
  VisitTexts(*out, [&](std::string& text) { text = in->Text(); });
  for (size_t left = in->Count(); left > 0; --left) {
    std::string name(in->Text());
    out->labels[std::move(name)] = in->Text();
  }
}

SocketAddress ReadAddress(ByteReader* in) {
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

DecodedEntry ReadEntry(ByteReader* in) {
  DecodedEntry out;
  out.request_id_hash = in->Fixed(8);
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

}  // namespace traffictap::traffic
