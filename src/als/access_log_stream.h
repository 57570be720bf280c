// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "als/decode_entry.h"
#include "als/grpc_session.h"
#include "als/identity_gate.h"
#include "als/stream_turnover.h"
#include "als/zone_table.h"
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
  std::atomic<uint64_t> ended_moved{0};   // by us, right after a message: StreamTurnover
  std::atomic<uint64_t> messages{0};
  std::atomic<uint64_t> messages_unread{0};  // passed over for want of memory
  std::atomic<uint64_t> bytes{0};
};

// One proxy's stream: decodes a message as it comes and asks for the next one, unless nobody wants
// it: then flow control stops the sender, whose buffer is bounded, and it is no more than an open
// stream. Ends with an error where the sender is not who it claims to be.
class AccessLogStream final : public StreamHandler, private MessageVisitor {
 public:
  // What all streams of a server have in common; outlives them.
  struct Shared {
    traffic::EntryConsumer* consumer;
    IdentityGate* gate;
    StreamCounters* counters;
    const ZoneTable* zones = nullptr;    // null: proxies' own words alone
    StreamTurnover* turnover = nullptr;  // null: they stay
  };

  // A status where the sender is refused. `resume` has the session read on with this stream; called
  // by any thread, also after the stream has ended.
  static StatusOr<std::unique_ptr<StreamHandler>> Open(const Shared& shared, const Sender& sender,
                                                       std::function<void()> resume);
  ~AccessLogStream() override;

  StatusOr<Next> OnMessage(std::string_view message) override;
  Status OnUnread() override;
  bool Leaves() override;
  void OnEnd(StreamEnd how) override;

 private:
  class Pause;

  AccessLogStream(const Shared& shared, std::optional<SpiffeId> sender,
                  std::function<void()> resume);
  void OnIdentifier(std::string_view bytes) override;
  void OnEntry(const traffic::AccessEntry& entry) override;
  void OnReject(traffic::RejectReason reason) override;

  const Shared shared_;
  const std::optional<SpiffeId> sender_;
  const std::shared_ptr<Pause> pause_;
  const base::Nanos ends_;  // StreamTurnover's
  bool moves_ = false;      // it is
  traffic::NodePtr node_;   // null until the identifier came
  Status refused_;
  std::unique_ptr<traffic::EntryStream> entries_;  // null until the identifier came
};

}  // namespace traffictap::als
