#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "traffic/access_entry.h"
#include "traffic/entry_consumer.h"

namespace traffictap::als {

// Memory of one decoder, reused from entry to entry: the header lists of an entry are put together here.
struct DecodeScratch {
  std::string request_headers;
  std::string response_headers;
  std::string response_trailers;
};

// Decodes one serialized HTTPAccessLogEntry or TCPAccessLogEntry, reading the wire format straight from `bytes`
// (the generated classes would copy every text). Views in `entry` point into `bytes` and `scratch`. False where the
// bytes are not valid protobuf; fields this build does not know are counted and skipped.
bool DecodeHttpEntry(std::string_view bytes, DecodeScratch* scratch, traffic::AccessEntry* entry);
bool DecodeTcpEntry(std::string_view bytes, DecodeScratch* scratch, traffic::AccessEntry* entry);

// One StreamAccessLogsMessage. Calls on_identifier(bytes of its Identifier) where there is one, always before the
// entries, then on_entry for each entry; both views end with the call.
struct MessageVisitor {
  std::function<void(std::string_view identifier)> on_identifier;
  std::function<void(const traffic::AccessEntry& entry)> on_entry;
  std::function<void(traffic::RejectReason reason)> on_reject;
};
void DecodeMessage(std::string_view bytes, DecodeScratch* scratch, const MessageVisitor& visitor);

// What is kept of an Identifier. Never fails: what is missing stays empty (traffic/node.h says the defaults).
traffic::Node DecodeIdentifier(std::string_view bytes);

}  // namespace traffictap::als
