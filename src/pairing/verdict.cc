#include "pairing/verdict.h"

namespace traffictap::pairing {
namespace {

using traffic::EntryFacts;
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

// The server was reached and did not answer in time.
const ResponseFlags& TimedOut() {
  static const ResponseFlags kFlags =
      MakeFlags({ResponseFlag::kUpstreamRequestTimeout, ResponseFlag::kStreamIdleTimeout,
                 ResponseFlag::kUpstreamMaxStreamDurationReached, ResponseFlag::kDurationTimeout});
  return kFlags;
}

bool FromApplication(const PackedEntry& entry) {
  return entry.text(Text::kResponseCodeDetails) == "via_upstream";
}

bool Fails(const EntryFacts& facts) { return facts.response_code >= 500; }

Verdict JudgeAlone(const PackedEntry& entry) {
  const auto& facts = entry.facts;
  if (facts.response_flags.Intersects(CallerGone())) return Verdict::kClientAborted;
  // Alone, a time-out may be anybody's: the proxy that waited is the one that tells of it.
  if (facts.response_flags.Intersects(ProxyFailed()) ||
      facts.response_flags.Intersects(TimedOut())) {
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
  if (c.response_flags.Intersects(CallerGone())) return Verdict::kClientAborted;
  if (c.response_flags.Intersects(TimedOut())) return Verdict::kServerError;
  if (FromApplication(server) && Fails(s) && c.response_code == s.response_code) {
    return Verdict::kServerError;
  }
  if (c.response_flags.Intersects(ProxyFailed()) || ServerProxyFailed(server)) {
    return Verdict::kNetworkOrProxy;
  }
  if (c.kind == traffic::EntryKind::kHttp && c.response_code != s.response_code) {
    const bool own = !FromApplication(client) ||
                     c.response_flags.Contains(ResponseFlag::kUpstreamRetryLimitExceeded);
    return Fails(c) && own ? Verdict::kNetworkOrProxy : Verdict::kMismatch;
  }
  if (Fails(c)) return Verdict::kNetworkOrProxy;
  return c.attempt_count > 1 || servers > 1 ? Verdict::kRetried : Verdict::kOk;
}

}  // namespace

Verdict Judge(const TrafficPair& pair) {
  if (pair.client == nullptr || pair.servers.empty()) return JudgeAlone(pair.principal());
  return JudgeBoth(*pair.client, *pair.server(), pair.servers.size());
}

}  // namespace traffictap::pairing
