// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "als/decode_entry.h"
#include "envoy/service/accesslog/v3/als.pb.h"

// Real messages, built with the classes that protoc generates from Envoy's protos, and what the
// decoder makes of them.
namespace traffictap::als {

namespace data = envoy::data::accesslog::v3;
using envoy::service::accesslog::v3::StreamAccessLogsMessage;

inline void SetSeconds(google::protobuf::Duration* out, int64_t seconds, int32_t nanos = 0) {
  out->set_seconds(seconds);
  out->set_nanos(nanos);
}

inline void SetAddress(envoy::config::core::v3::Address* out, const std::string& ip,
                       uint32_t port) {
  out->mutable_socket_address()->set_address(ip);
  out->mutable_socket_address()->set_port_value(port);
}

// A decoded entry with the bytes that it views.
struct Decoded {
  std::string bytes;
  DecodeScratch scratch;
  traffic::AccessEntry entry;
  bool valid = false;

  const traffic::EntryFacts& facts() const { return entry.facts; }
  std::string text(traffic::Text which) const { return std::string(entry.text(which)); }
};

inline std::unique_ptr<Decoded> DecodeBytes(std::string bytes, bool tcp = false) {
  auto out = std::make_unique<Decoded>();
  out->bytes = std::move(bytes);
  out->valid = tcp ? DecodeTcpEntry(out->bytes, &out->scratch, &out->entry)
                   : DecodeHttpEntry(out->bytes, &out->scratch, &out->entry);
  return out;
}
inline std::unique_ptr<Decoded> Decode(const data::HTTPAccessLogEntry& entry) {
  return DecodeBytes(entry.SerializeAsString());
}
inline std::unique_ptr<Decoded> Decode(const data::TCPAccessLogEntry& entry) {
  return DecodeBytes(entry.SerializeAsString(), true);
}
inline std::unique_ptr<Decoded> Decode(const data::AccessLogCommon& common) {
  data::HTTPAccessLogEntry entry;
  *entry.mutable_common_properties() = common;
  entry.set_protocol_version(data::HTTPAccessLogEntry::HTTP11);
  return Decode(entry);
}

// What a message was decoded to.
struct RecordingVisitor final : MessageVisitor {
  void OnIdentifier(std::string_view bytes) override { identifiers.emplace_back(bytes); }
  void OnEntry(const traffic::AccessEntry& entry) override {
    paths.emplace_back(entry.text(traffic::Text::kPath));
    kinds.push_back(entry.facts.kind);
  }
  void OnReject(traffic::RejectReason reason) override { rejects.push_back(reason); }

  std::vector<std::string> identifiers;
  std::vector<std::string> paths;
  std::vector<traffic::EntryKind> kinds;
  std::vector<traffic::RejectReason> rejects;
};

inline RecordingVisitor Visit(const std::string& bytes) {
  RecordingVisitor visitor;
  DecodeScratch scratch;
  DecodeMessage(bytes, &scratch, &visitor);
  return visitor;
}

inline StreamAccessLogsMessage MessageOf(const std::vector<std::string>& paths,
                                         const std::string& node_id = "") {
  StreamAccessLogsMessage message;
  if (!node_id.empty()) message.mutable_identifier()->mutable_node()->set_id(node_id);
  for (const auto& path : paths) {
    message.mutable_http_logs()->add_log_entry()->mutable_request()->set_path(path);
  }
  return message;
}

}  // namespace traffictap::als
