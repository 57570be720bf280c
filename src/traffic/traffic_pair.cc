// SPDX-License-Identifier: Apache-2.0
#include "traffic/traffic_pair.h"

#include <array>

namespace traffictap::traffic {
namespace {

template <size_t N, typename Enum>
const char* Name(const std::array<const char*, N>& names, Enum value) {
  const auto index = static_cast<size_t>(value);
  return index < N ? names[index] : "";
}

}  // namespace

const char* ToString(Verdict verdict) {
  static constexpr std::array<const char*, kVerdictCount> kNames = {
      "Ok", "ServerError", "ClientAborted", "NetworkOrProxy", "Retried", "Mismatch", "Denied"};
  return Name(kNames, verdict);
}

std::optional<Verdict> ParseVerdict(std::string_view name) {
  for (size_t i = 0; i < kVerdictCount; ++i) {
    if (name == ToString(static_cast<Verdict>(i))) return static_cast<Verdict>(i);
  }
  return std::nullopt;
}

const char* ToString(OrphanReason reason) {
  static constexpr std::array<const char*, kOrphanReasonCount> kNames = {"",
                                                                         "PeerNotMeshed",
                                                                         "PeerNotTapped",
                                                                         "FilteredOnOtherSide",
                                                                         "LateBeyondWindow",
                                                                         "NeverArrived",
                                                                         "LostInBuffer",
                                                                         "DrainingConnection"};
  return Name(kNames, reason);
}

const char* ToString(Reporter reporter) {
  return reporter == Reporter::kSource ? "source" : "destination";
}

const char* ToString(HttpVersion version) {
  static constexpr std::array<const char*, 5> kNames = {"", "HTTP/1.0", "HTTP/1.1", "HTTP/2",
                                                        "HTTP/3"};
  return Name(kNames, version);
}

const char* ToString(Method method) {
  static constexpr std::array<const char*, 10> kNames = {
      "", "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
  return Name(kNames, method);
}

TraceContext TraceOf(const TrafficPair& pair) {
  TraceContext out = pair.principal().facts.trace;
  for (const PackedEntry* server : pair.servers) {
    const TraceContext& trace = server->facts.trace;
    if (trace.present() && (!out.present() || !pair.principal().facts.trace.present())) out = trace;
  }
  return out;
}

}  // namespace traffictap::traffic
