// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "als/decode_entry.h"
#include "als/identity_gate.h"
#include "als/paused_streams.h"
#include "grpcpp/impl/codegen/server_callback.h"
#include "grpcpp/support/byte_buffer.h"
#include "traffic/entry_consumer.h"

namespace traffictap::als {

// Counted by all streams of a server. Thread-safe.
struct StreamCounters {
  std::atomic<int64_t> open{0};
  std::atomic<int64_t> paused{0};
  std::atomic<uint64_t> opened{0};
  std::atomic<uint64_t> ended_clean{0};
  std::atomic<uint64_t> ended_broken{0};
  std::atomic<uint64_t> ended_unread{0};  // while paused: nobody misses what was in flight
  std::atomic<uint64_t> messages{0};
  std::atomic<uint64_t> bytes{0};
};

// One proxy's stream: reads a raw message, decodes it on gRPC's thread, starts the next read, unless
// nobody wants it: then flow control stops the sender, whose buffer is bounded, and it is no more
// than an open stream. A sender that closes a paused stream without resetting it is not noticed until
// it is read again. Ends with an error where the sender is not who it claims to be. Deletes itself
// when gRPC says that it is done.
class AccessLogStream final : public grpc::ServerReadReactor<grpc::ByteBuffer>,
                              private MessageVisitor {
 public:
  // The first four outlive the stream. `context` and `response` are gRPC's.
  AccessLogStream(traffic::EntryConsumer* consumer, IdentityGate* gate, StreamCounters* counters,
                  PausedStreams* paused, const grpc::ServerContextBase& context,
                  grpc::ByteBuffer* response);
  ~AccessLogStream() override;

  void OnReadDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void OnIdentifier(std::string_view bytes) override;
  void OnEntry(const traffic::AccessEntry& entry) override;
  void OnReject(traffic::RejectReason reason) override;
  void Decode();
  void Refuse(const Status& why);
  void ReadOn();
  void FinishWell();

  traffic::EntryConsumer* const consumer_;
  IdentityGate* const gate_;
  StreamCounters* const counters_;
  PausedStreams* const paused_;
  class Pause;
  const std::shared_ptr<Pause> pause_;
  grpc::ByteBuffer* const response_;
  grpc::ByteBuffer message_;
  std::string joined_;     // the bytes of a message that came in several slices
  traffic::NodePtr node_;  // null until the identifier came
  DecodeScratch scratch_;
  std::optional<SpiffeId> sender_;
  Status refused_;
  std::unique_ptr<traffic::EntryStream> entries_;  // null until the identifier came
  std::atomic<bool> cancelled_{false};
  bool unread_ = false;  // it ended while it was paused
};

}  // namespace traffictap::als
