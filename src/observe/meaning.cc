// SPDX-License-Identifier: Apache-2.0
#include "observe/meaning.h"

#include <algorithm>

namespace traffictap::observe {
namespace {

constexpr Meaning kFlags[] = {
    {"LH", "the local service failed its health check"},
    {"UH", "no healthy host in the upstream cluster"},
    {"UT", "the upstream did not answer in time"},
    {"LR", "the proxy itself reset the stream"},
    {"UR", "the upstream reset the stream"},
    {"UF", "the proxy could not connect to the upstream"},
    {"UC", "the connection to the upstream broke before the answer was whole"},
    {"UO", "a circuit breaker of the upstream cluster was open"},
    {"NR", "no route matched the request"},
    {"DI", "a delay was injected by a fault rule"},
    {"FI", "an abort was injected by a fault rule"},
    {"RL", "the rate limit refused the request"},
    {"UAEX", "the external authorization refused the request"},
    {"RLSE", "the rate limit service failed"},
    {"DC", "the caller closed its connection before the answer was whole"},
    {"URX", "all retries or attempts to connect were used up"},
    {"SI", "the stream was idle for too long"},
    {"IH", "a header of the request had an invalid value"},
    {"DPE", "the caller broke the protocol"},
    {"UMSDR", "the upstream stream reached its longest duration"},
    {"RFCF", "the answer came out of a cache"},
    {"NFCF", "a filter's configuration had not arrived in time"},
    {"DT", "the request or connection reached its longest duration"},
    {"UPE", "the upstream broke the protocol"},
    {"NC", "the upstream cluster does not exist"},
    {"OM", "the proxy's overload manager ended the request"},
    {"DF", "the upstream's name could not be resolved"},
    {"DR", "the caller reset the stream"},
};

constexpr Meaning kVerdicts[] = {
    {"Ok", "nothing went wrong"},
    {"ServerError", "the server's application failed, or took longer than its callers wait"},
    {"ClientAborted", "the caller went away before the answer was whole"},
    {"NetworkOrProxy", "a proxy or the network between the two failed or answered itself"},
    {"Retried", "it went well, but only after more than one attempt"},
    {"Mismatch", "both sides were answered, but not with the same"},
    {"Denied", "a proxy refused it by a policy, a token check or a rate limit"},
};

constexpr Meaning kOrphans[] = {
    {"PeerNotMeshed", "the other end has no proxy of the mesh, so nobody logs its side"},
    {"PeerNotTapped", "the other end has a proxy, but no tap selects it"},
    {"FilteredOnOtherSide", "the other side was filtered out there"},
    {"LateBeyondWindow", "the other side came after the tap's pairing window"},
    {"NeverArrived", "the other side never came; the request may not have reached it"},
    {"LostInBuffer", "the other side was lost in a full buffer or a broken stream"},
    {"DrainingConnection", "the other proxy's connection is older than the tap and logs nothing"},
};

std::string_view Find(std::span<const Meaning> meanings, std::string_view word) {
  const auto found = std::find_if(meanings.begin(), meanings.end(),
                                  [&](const Meaning& each) { return each.word == word; });
  return found == meanings.end() ? std::string_view() : found->clause;
}

}  // namespace

std::string_view FlagMeaning(std::string_view flag) { return Find(kFlags, flag); }
std::string_view VerdictMeaning(std::string_view verdict) { return Find(kVerdicts, verdict); }
std::string_view OrphanMeaning(std::string_view reason) { return Find(kOrphans, reason); }

std::span<const Meaning> FlagMeanings() { return kFlags; }
std::span<const Meaning> VerdictMeanings() { return kVerdicts; }
std::span<const Meaning> OrphanMeanings() { return kOrphans; }

}  // namespace traffictap::observe
