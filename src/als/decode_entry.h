// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "als/zone_table.h"
#include "traffic/access_entry.h"
#include "traffic/entry_consumer.h"

namespace traffictap::als {

// One decoder's own: whose entries it reads, and memory that is reused from entry to entry, in
// which the header lists are put together.
struct DecodeScratch {
  const traffic::Node* node = nullptr;  // the proxy that writes the entries; null: not known
  std::string request_headers;
  std::string response_headers;
  std::string response_trailers;
  std::string grpc_message;
};

// Decodes one serialized HTTPAccessLogEntry or TCPAccessLogEntry, reading the wire format straight
// from `bytes` (the generated classes would copy every text). Views in `entry` point into `bytes`
// and `scratch`. False where the bytes are not valid protobuf; fields this build does not know are
// counted and skipped. An HTTPAccessLogEntry without protocol, method, path and code is a
// connection's.
bool DecodeHttpEntry(std::string_view bytes, DecodeScratch* scratch, traffic::AccessEntry* entry);
bool DecodeTcpEntry(std::string_view bytes, DecodeScratch* scratch, traffic::AccessEntry* entry);

// Receives the parts of a message. Views end with the call.
class MessageVisitor {
 public:
  virtual ~MessageVisitor() = default;
  // Before the entries, where the message has an identifier; `bytes` is its serialized form.
  virtual void OnIdentifier(std::string_view bytes) = 0;
  virtual void OnEntry(const traffic::AccessEntry& entry) = 0;
  virtual void OnReject(traffic::RejectReason reason) = 0;
};

// Decodes one StreamAccessLogsMessage. A broken entry is rejected alone; a broken frame ends the
// message.
void DecodeMessage(std::string_view bytes, DecodeScratch* scratch, MessageVisitor* visitor);

// What is kept of an Identifier. Never fails: what is missing stays empty (traffic/node.h says the
// defaults). `zones`, which may be null, says the zone of a proxy that does not know its own.
traffic::Node DecodeIdentifier(std::string_view bytes, const ZoneTable* zones = nullptr);

}  // namespace traffictap::als
