// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "traffic/packed_entry.h"

namespace traffictap::traffic {

// Who is to blame. The order is the order in which the rules are tried: see pairing/verdict.h.
enum class Verdict : uint8_t {
  kOk,
  kServerError,     // the server's application answered 5xx
  kClientAborted,   // the client went away first
  kNetworkOrProxy,  // a proxy or the network failed: UF, UC, URX… with the server silent or of
                    // another opinion
  kRetried,         // succeeded, but only after more than one attempt
  kMismatch,        // both sides answered, and differently
  kDenied,          // a proxy refused it by a rule: traffic/denial.h says by which
};
constexpr size_t kVerdictCount = 7;

// Why a half stayed alone.
enum class OrphanReason : uint8_t {
  kNone,  // not an orphan
  kPeerNotMeshed,
  kPeerNotTapped,
  kFilteredOnOtherSide,
  kLateBeyondWindow,
  kNeverArrived,
  kLostInBuffer,
  kDrainingConnection,
};
constexpr size_t kOrphanReasonCount = 8;

const char* ToString(Verdict verdict);      // "Ok", "ServerError", …
const char* ToString(OrphanReason reason);  // "PeerNotMeshed", …; "" for kNone
const char* ToString(Reporter reporter);    // "source", "destination"
const char* ToString(HttpVersion version);  // "HTTP/1.1", …; "" for kUnspecified
const char* ToString(Method method);        // "GET", …; "" for kUnspecified

// The reverse; absent: none that this build knows.
std::optional<Verdict> ParseVerdict(std::string_view name);

// One request or connection as both sides tell it, at its end or while it is open. A view: entries
// belong to whoever made it. Either `client` is set or `servers` is not empty; one server per
// attempt, in the order of their start times.
struct TrafficPair {
  const PackedEntry* client = nullptr;
  std::span<const PackedEntry* const> servers;
  Verdict verdict = Verdict::kOk;
  OrphanReason orphan_reason = OrphanReason::kNone;
  double weight = 1;  // how many requests it stands for: more than 1 where its tap samples

  const PackedEntry* server() const { return servers.empty() ? nullptr : servers.back(); }
  // The side that tells what the caller saw: the client's where there is one.
  const PackedEntry& principal() const { return client != nullptr ? *client : *servers.back(); }
  // It has not ended: the entries say how far it is. They are all of one kind, open or ended.
  bool open() const { return principal().facts.moment == LogMoment::kPeriodic; }
};

// The trace of the record: as its principal has it, else as the last of the other side's entries
// that tells one. Absent where none does.
TraceContext TraceOf(const TrafficPair& pair);

}  // namespace traffictap::traffic
