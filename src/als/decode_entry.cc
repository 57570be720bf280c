// SPDX-License-Identifier: Apache-2.0
#include "als/decode_entry.h"

#include <algorithm>

#include "als/decode_common.h"
#include "als/decode_values.h"
#include "als/wire_reader.h"
#include "envoy/service/accesslog/v3/als.pb.h"
#include "traffic/grpc_status.h"
#include "traffic/header_list.h"
#include "traffic/trace_context.h"

namespace traffictap::als {
namespace {

using Http = envoy::data::accesslog::v3::HTTPAccessLogEntry;
using Request = envoy::data::accesslog::v3::HTTPRequestProperties;
using Response = envoy::data::accesslog::v3::HTTPResponseProperties;
using Tcp = envoy::data::accesslog::v3::TCPAccessLogEntry;
using Message = envoy::service::accesslog::v3::StreamAccessLogsMessage;
using traffic::AccessEntry;
using traffic::RejectReason;
using traffic::Text;

bool AppendMapEntry(std::string_view bytes, std::string* list) {
  std::string_view name;
  std::string_view value;
  if (!DecodeMapEntry(bytes, &name, &value)) return false;
  if (list->size() < AccessEntry::kTextBytesMax) traffic::AppendHeader(list, name, value);
  // A list that would be cut in the middle of a header when packed gives up its last header
  // instead.
  if (list->size() > AccessEntry::kTextBytesMax) {
    list->resize(list->size() - 4 - std::min<size_t>(name.size(), 65535) -
                 std::min<size_t>(value.size(), 65535));
  }
  return true;
}

// Skips a field that is not read, and counts it where this build's protos end before it.
void SkipUnknown(uint32_t known_max, WireReader* reader, AccessEntry* entry) {
  if (reader->field() > known_max) ++entry->facts.unknown_fields;
  reader->Skip();
}

std::string_view* RequestText(uint32_t field, AccessEntry* entry) {
  switch (field) {
    case Request::kSchemeFieldNumber: return &entry->text(Text::kScheme);
    case Request::kAuthorityFieldNumber: return &entry->text(Text::kAuthority);
    case Request::kPathFieldNumber: return &entry->text(Text::kPath);
    case Request::kUserAgentFieldNumber: return &entry->text(Text::kUserAgent);
    case Request::kRefererFieldNumber: return &entry->text(Text::kReferer);
    case Request::kForwardedForFieldNumber: return &entry->text(Text::kForwardedFor);
    case Request::kRequestIdFieldNumber: return &entry->text(Text::kRequestId);
    case Request::kOriginalPathFieldNumber: return &entry->text(Text::kOriginalPath);
    default: return nullptr;
  }
}

bool DecodeRequest(std::string_view bytes, std::string* headers, AccessEntry* entry) {
  WireReader reader(bytes);
  bool valid = true;
  while (valid && reader.Next()) {
    if (auto* text = RequestText(reader.field(), entry)) {
      const auto value = reader.Bytes();
      if (!value.empty()) *text = value;
      continue;
    }
    switch (reader.field()) {
      case Request::kRequestMethodFieldNumber: {
        const uint64_t method = reader.Varint();
        if (method <= 9) entry->facts.method = static_cast<traffic::Method>(method);
        break;
      }
      case Request::kRequestHeadersBytesFieldNumber:
        entry->facts.request_headers_bytes = reader.Varint();
        break;
      case Request::kRequestBodyBytesFieldNumber:
        entry->facts.request_body_bytes = reader.Varint();
        break;
      case Request::kRequestHeadersFieldNumber:
        valid = AppendMapEntry(reader.Bytes(), headers);
        break;
      default: SkipUnknown(Request::kDownstreamHeaderBytesReceivedFieldNumber, &reader, entry);
    }
  }
  return valid && reader.ok();
}

bool DecodeResponse(std::string_view bytes, DecodeScratch* scratch, AccessEntry* entry) {
  WireReader reader(bytes);
  bool valid = true;
  uint64_t code = 0;
  while (valid && reader.Next()) {
    switch (reader.field()) {
      case Response::kResponseCodeFieldNumber:
        valid = DecodeWrappedNumber(reader.Bytes(), &code);
        entry->facts.response_code = static_cast<uint32_t>(code);
        break;
      case Response::kResponseHeadersBytesFieldNumber:
        entry->facts.response_headers_bytes = reader.Varint();
        break;
      case Response::kResponseBodyBytesFieldNumber:
        entry->facts.response_body_bytes = reader.Varint();
        break;
      case Response::kResponseHeadersFieldNumber:
        valid = AppendMapEntry(reader.Bytes(), &scratch->response_headers);
        break;
      case Response::kResponseTrailersFieldNumber:
        valid = AppendMapEntry(reader.Bytes(), &scratch->response_trailers);
        break;
      case Response::kResponseCodeDetailsFieldNumber:
        entry->text(Text::kResponseCodeDetails) = reader.Bytes();
        break;
      default: SkipUnknown(Response::kDownstreamHeaderBytesSentFieldNumber, &reader, entry);
    }
  }
  return valid && reader.ok();
}

bool DecodeConnection(std::string_view bytes, AccessEntry* entry) {
  WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case 1: entry->facts.request_body_bytes = reader.Varint(); break;
      case 2: entry->facts.response_body_bytes = reader.Varint(); break;
      default: SkipUnknown(2, &reader, entry);
    }
  }
  return reader.ok();
}

// A call's status stands in its trailers; where the answer had nothing but trailers, Envoy logs
// them as headers (grpc/grpc: doc/PROTOCOL-HTTP2.md, "Trailers-Only").
void ReadGrpc(DecodeScratch* scratch, AccessEntry* entry) {
  for (const auto which : {Text::kResponseTrailers, Text::kResponseHeaders}) {
    const auto list = entry->text(which);
    if (list.empty()) continue;
    entry->facts.grpc_status = traffic::ReadGrpcStatus(traffic::FindHeader(list, "grpc-status"));
    if (entry->facts.grpc_status == traffic::GrpcStatus::kAbsent) continue;
    traffic::ReadGrpcMessage(traffic::FindHeader(list, "grpc-message"), &scratch->grpc_message);
    entry->text(Text::kGrpcMessage) = scratch->grpc_message;
    return;
  }
}

// A connection that an HTTP access logger on a TCP proxy told of: Istio puts a Telemetry's provider
// on both, whatever its kind (measured). A request has a protocol even where its head was broken.
bool TellsOfConnection(const AccessEntry& entry) {
  return entry.facts.http_version == traffic::HttpVersion::kUnspecified &&
         entry.facts.method == traffic::Method::kUnspecified && entry.text(Text::kPath).empty() &&
         entry.facts.response_code == 0;
}

void MakeTcp(AccessEntry* entry) {
  entry->facts.kind = traffic::EntryKind::kTcp;
  // Each proxy gives a connection an id of its own: it joins nothing.
  entry->text(Text::kRequestId) = {};
  entry->facts.trace = {};
}

// The entries of HTTPAccessLogEntries or TCPAccessLogEntries, whose one field is the list.
template <typename Decode>
bool DecodeEntries(std::string_view bytes, DecodeScratch* scratch, MessageVisitor* visitor,
                   Decode decode) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() != 1 || !reader.is_bytes()) {
      reader.Skip();
      continue;
    }
    const auto entry_bytes = reader.Bytes();
    if (!reader.ok()) return false;
    AccessEntry entry;
    if (decode(entry_bytes, scratch, &entry)) {
      visitor->OnEntry(entry);
    } else {
      visitor->OnReject(RejectReason::kMalformedEntry);
    }
  }
  return reader.ok();
}

}  // namespace

bool DecodeHttpEntry(std::string_view bytes, DecodeScratch* scratch, AccessEntry* entry) {
  EndHints hints;
  scratch->request_headers.clear();
  scratch->response_headers.clear();
  scratch->response_trailers.clear();
  entry->facts.kind = traffic::EntryKind::kHttp;
  WireReader reader(bytes);
  bool valid = true;
  while (valid && reader.Next()) {
    switch (reader.field()) {
      case Http::kCommonPropertiesFieldNumber:
        valid = DecodeCommonProperties(reader.Bytes(), entry, &hints);
        break;
      case Http::kProtocolVersionFieldNumber: {
        const uint64_t version = reader.Varint();
        if (version <= 4) entry->facts.http_version = static_cast<traffic::HttpVersion>(version);
        break;
      }
      case Http::kRequestFieldNumber:
        valid = DecodeRequest(reader.Bytes(), &scratch->request_headers, entry);
        break;
      case Http::kResponseFieldNumber:
        valid = DecodeResponse(reader.Bytes(), scratch, entry);
        break;
      default: ++entry->facts.unknown_fields; reader.Skip();
    }
  }
  entry->text(Text::kRequestHeaders) = scratch->request_headers;
  entry->facts.trace = traffic::TraceIn(scratch->request_headers);
  entry->text(Text::kResponseHeaders) = scratch->response_headers;
  entry->text(Text::kResponseTrailers) = scratch->response_trailers;
  ReadGrpc(scratch, entry);
  if (TellsOfConnection(*entry)) MakeTcp(entry);
  SettleEnds(hints, scratch->node, entry);
  return valid && reader.ok();
}

bool DecodeTcpEntry(std::string_view bytes, DecodeScratch* scratch, AccessEntry* entry) {
  EndHints hints;
  WireReader reader(bytes);
  bool valid = true;
  while (valid && reader.Next()) {
    switch (reader.field()) {
      case Tcp::kCommonPropertiesFieldNumber:
        valid = DecodeCommonProperties(reader.Bytes(), entry, &hints);
        break;
      case Tcp::kConnectionPropertiesFieldNumber:
        valid = DecodeConnection(reader.Bytes(), entry);
        break;
      default: ++entry->facts.unknown_fields; reader.Skip();
    }
  }
  MakeTcp(entry);
  SettleEnds(hints, scratch->node, entry);
  return valid && reader.ok();
}

void DecodeMessage(std::string_view bytes, DecodeScratch* scratch, MessageVisitor* visitor) {
  // Fields may come in any order; the identifier must be known before the entries.
  WireReader first(bytes);
  while (first.Next()) {
    if (first.field() == Message::kIdentifierFieldNumber && first.is_bytes()) {
      const auto identifier = first.Bytes();
      if (first.ok()) visitor->OnIdentifier(identifier);
    } else {
      first.Skip();
    }
  }
  WireReader reader(bytes);
  bool valid = true;
  while (valid && reader.Next()) {
    if (reader.field() == Message::kHttpLogsFieldNumber) {
      valid = DecodeEntries(reader.Bytes(), scratch, visitor, DecodeHttpEntry);
    } else if (reader.field() == Message::kTcpLogsFieldNumber) {
      valid = DecodeEntries(reader.Bytes(), scratch, visitor, DecodeTcpEntry);
    } else {
      reader.Skip();
    }
  }
  if (!valid || !reader.ok()) visitor->OnReject(RejectReason::kMalformedMessage);
}

}  // namespace traffictap::als
