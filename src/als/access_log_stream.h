// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "als/decode_entry.h"
#include "als/identity_gate.h"
#include "grpcpp/impl/codegen/server_callback.h"
#include "grpcpp/support/byte_buffer.h"
#include "traffic/entry_consumer.h"

namespace traffictap::als {

// Counted by all streams of a server. Thread-safe.
struct StreamCounters {
  std::atomic<int64_t> open{0};
  std::atomic<uint64_t> opened{0};
  std::atomic<uint64_t> ended_clean{0};
  std::atomic<uint64_t> ended_broken{0};
  std::atomic<uint64_t> messages{0};
  std::atomic<uint64_t> bytes{0};
};

// One proxy's stream: reads a raw message, decodes it on gRPC's thread, starts the next read. Ends
// with an error where the sender is not who it claims to be. Deletes itself when gRPC says that it
// is done.
class AccessLogStream final : public grpc::ServerReadReactor<grpc::ByteBuffer>,
                              private MessageVisitor {
 public:
  // The first three outlive the stream. `context` and `response` are gRPC's.
  AccessLogStream(traffic::EntryConsumer* consumer, IdentityGate* gate, StreamCounters* counters,
                  const grpc::ServerContextBase& context, grpc::ByteBuffer* response);

  void OnReadDone(bool ok) override;
  void OnCancel() override { cancelled_ = true; }
  void OnDone() override;

 private:
  void OnIdentifier(std::string_view bytes) override;
  void OnEntry(const traffic::AccessEntry& entry) override;
  void OnReject(traffic::RejectReason reason) override;
  void Decode();
  void Refuse(const Status& why);

  traffic::EntryConsumer* const consumer_;
  IdentityGate* const gate_;
  StreamCounters* const counters_;
  grpc::ByteBuffer* const response_;
  grpc::ByteBuffer message_;
  std::string joined_;     // the bytes of a message that came in several slices
  traffic::NodePtr node_;  // null until the identifier came
  DecodeScratch scratch_;
  std::optional<SpiffeId> sender_;
  Status refused_;
  std::unique_ptr<traffic::EntryStream> entries_;  // null until the identifier came
  std::atomic<bool> cancelled_{false};
};

}  // namespace traffictap::als
