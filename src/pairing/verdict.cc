// SPDX-License-Identifier: Apache-2.0
#include "pairing/verdict.h"

#include "traffic/denial.h"
#include "traffic/grpc_status.h"

namespace traffictap::pairing {
namespace {

using traffic::EntryFacts;
using traffic::GrpcStatus;
using traffic::PackedEntry;
using traffic::ResponseFlag;
using traffic::ResponseFlags;
using traffic::Text;
using traffic::TrafficPair;
using traffic::Verdict;

ResponseFlags MakeFlags(std::initializer_list<ResponseFlag> flags) {
  ResponseFlags out;
  for (const auto flag : flags) out.Add(flag);
  return out;
}

// The downstream side of a proxy went away: for the side that says so, its caller.
const ResponseFlags& CallerGone() {
  static const ResponseFlags kFlags = MakeFlags(
      {ResponseFlag::kDownstreamConnectionTermination, ResponseFlag::kDownstreamRemoteReset});
  return kFlags;
}

// A proxy answered, or gave up, on its own account.
const ResponseFlags& ProxyFailed() {
  static const ResponseFlags kFlags =
      MakeFlags({ResponseFlag::kNoHealthyUpstream, ResponseFlag::kUpstreamRemoteReset,
                 ResponseFlag::kLocalReset, ResponseFlag::kUpstreamConnectionFailure,
                 ResponseFlag::kUpstreamConnectionTermination, ResponseFlag::kUpstreamOverflow,
                 ResponseFlag::kNoRouteFound, ResponseFlag::kFaultInjected,
                 ResponseFlag::kRateLimited, ResponseFlag::kUnauthorized,
                 ResponseFlag::kRateLimitServiceError, ResponseFlag::kInvalidEnvoyRequestHeaders,
                 ResponseFlag::kDownstreamProtocolError, ResponseFlag::kNoFilterConfigFound,
                 ResponseFlag::kUpstreamProtocolError, ResponseFlag::kNoClusterFound,
                 ResponseFlag::kOverloadManager, ResponseFlag::kDnsResolutionFailure});
  return kFlags;
}

const ResponseFlags& TimeOuts() {
  static const ResponseFlags kFlags =
      MakeFlags({ResponseFlag::kUpstreamRequestTimeout, ResponseFlag::kStreamIdleTimeout,
                 ResponseFlag::kUpstreamMaxStreamDurationReached, ResponseFlag::kDurationTimeout});
  return kFlags;
}

// The proxy waited for an answer that did not come in time. That a deadline passed which the caller
// had sent along (Istio's route time-out, grpc-timeout) is told by the details alone (Envoy,
// "response code details").
bool TimedOut(const PackedEntry& entry) {
  return entry.facts.response_flags.Intersects(TimeOuts()) ||
         entry.text(Text::kResponseCodeDetails) == "max_duration_timeout";
}

bool FromApplication(const PackedEntry& entry) {
  return entry.text(Text::kResponseCodeDetails) == "via_upstream";
}

bool Fails(const EntryFacts& facts) {
  return facts.response_code >= 500 || traffic::IsServersFault(facts.grpc_status);
}

bool CallerLeft(const EntryFacts& facts) {
  return facts.response_flags.Intersects(CallerGone()) ||
         facts.grpc_status == GrpcStatus::kCancelled;
}

// A websocket or a tunnel has no other end than that one of its ends closes the connection. That its
// caller did is told by flags of its own; here it was the application.
bool EndedByServer(const PackedEntry& server) {
  const auto& facts = server.facts;
  const bool tunnel = facts.response_code == 101 ||
                      (facts.method == traffic::Method::kConnect && facts.response_code == 200);
  return tunnel && facts.reporter == traffic::Reporter::kDestination &&
         facts.response_flags.Contains(ResponseFlag::kUpstreamConnectionTermination);
}

// A status that only one side logged says nothing: its proxy may not be asked for trailers.
bool SameAnswer(const EntryFacts& c, const EntryFacts& s) {
  if (c.kind == traffic::EntryKind::kTcp) return true;
  const bool both = c.grpc_status != GrpcStatus::kAbsent && s.grpc_status != GrpcStatus::kAbsent;
  return c.response_code == s.response_code && (!both || c.grpc_status == s.grpc_status);
}

Verdict JudgeAlone(const PackedEntry& entry) {
  const auto& facts = entry.facts;
  if (CallerLeft(facts)) return Verdict::kClientAborted;
  if (EndedByServer(entry)) return Verdict::kOk;
  // Alone, a time-out may be anybody's: the proxy that waited is the one that tells of it.
  if (facts.response_flags.Intersects(ProxyFailed()) || TimedOut(entry)) {
    return Verdict::kNetworkOrProxy;
  }
  if (Fails(facts))
    return FromApplication(entry) ? Verdict::kServerError : Verdict::kNetworkOrProxy;
  return facts.attempt_count > 1 ? Verdict::kRetried : Verdict::kOk;
}

// The server's own proxy had no word with its application: refused, reset.
bool ServerProxyFailed(const PackedEntry& server) {
  return server.facts.response_flags.Intersects(ProxyFailed());
}

Verdict JudgeBoth(const PackedEntry& client, const PackedEntry& server, size_t servers) {
  const auto& c = client.facts;
  const auto& s = server.facts;
  if (CallerLeft(c)) return Verdict::kClientAborted;
  if (EndedByServer(server) && SameAnswer(c, s)) return Verdict::kOk;
  // Either proxy may be the first to give up: it was the application for which they waited.
  if (TimedOut(client) || TimedOut(server)) return Verdict::kServerError;
  if (FromApplication(server) && Fails(s) && SameAnswer(c, s)) return Verdict::kServerError;
  if (c.response_flags.Intersects(ProxyFailed()) || ServerProxyFailed(server)) {
    return Verdict::kNetworkOrProxy;
  }
  if (!SameAnswer(c, s)) {
    const bool own = !FromApplication(client) ||
                     c.response_flags.Contains(ResponseFlag::kUpstreamRetryLimitExceeded);
    return Fails(c) && own ? Verdict::kNetworkOrProxy : Verdict::kMismatch;
  }
  if (Fails(c)) return Verdict::kNetworkOrProxy;
  return c.attempt_count > 1 || servers > 1 ? Verdict::kRetried : Verdict::kOk;
}

}  // namespace

Verdict Judge(const TrafficPair& pair) {
  if (pair.open()) return Verdict::kOk;
  if (traffic::DenialIn(pair)) return Verdict::kDenied;
  if (pair.client == nullptr || pair.servers.empty()) return JudgeAlone(pair.principal());
  return JudgeBoth(*pair.client, *pair.server(), pair.servers.size());
}

TrafficPair Alone(const PackedEntry* const& entry, traffic::OrphanReason reason) {
  TrafficPair pair;
  if (entry->facts.reporter == traffic::Reporter::kSource) {
    pair.client = entry;
  } else {
    pair.servers = {&entry, 1};
  }
  pair.orphan_reason = reason;
  pair.verdict = Judge(pair);
  return pair;
}

}  // namespace traffictap::pairing
