// SPDX-License-Identifier: Apache-2.0
#include "pairing/verdict.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "fakes/entry_builder.h"
#include "traffic/entry_batch.h"
#include "traffic/grpc_status.h"

namespace traffictap {

using traffic::GrpcStatus;
using traffic::ResponseFlag;
using traffic::Verdict;

// One side of a request, in the words of an access log.
struct Side {
  uint32_t code = 200;
  std::vector<ResponseFlag> flags = {};
  std::string details = "via_upstream";
  uint32_t attempts = 1;
  bool tcp = false;
  GrpcStatus grpc = GrpcStatus::kAbsent;
  std::string termination = {};
};

// A gRPC call's side that ended with `status`.
Side Call(GrpcStatus status, const std::string& details = "via_upstream",
          std::vector<ResponseFlag> flags = {}) {
  return {200, std::move(flags), details, 1, false, status};
}
Side Denied(uint32_t code, const std::string& details) { return {code, {}, details}; }

struct Judged {
  std::string why;
  std::optional<Side> client;
  std::optional<Side> server;
  Verdict verdict;
  size_t servers = 1;
};
std::ostream& operator<<(std::ostream& out, const Judged& judged) { return out << judged.why; }

const ResponseFlag DC = ResponseFlag::kDownstreamConnectionTermination,
                   DR = ResponseFlag::kDownstreamRemoteReset,
                   UT = ResponseFlag::kUpstreamRequestTimeout,
                   SI = ResponseFlag::kStreamIdleTimeout,
                   UMSDR = ResponseFlag::kUpstreamMaxStreamDurationReached,
                   DT = ResponseFlag::kDurationTimeout,
                   UF = ResponseFlag::kUpstreamConnectionFailure,
                   UC = ResponseFlag::kUpstreamConnectionTermination,
                   UH = ResponseFlag::kNoHealthyUpstream, FI = ResponseFlag::kFaultInjected,
                   DI = ResponseFlag::kDelayInjected,
                   URX = ResponseFlag::kUpstreamRetryLimitExceeded,
                   UO = ResponseFlag::kUpstreamOverflow;

const std::string kPolicy = "rbac_access_denied_matched_policy[ns[shop]-policy[p]-rule[0]]";
const std::string kReset = "upstream_reset_after_response_started{connection_termination}";
const std::string kProxy = "upstream_reset_before_response_started";

const std::vector<Judged> kTable = {
    // Both sides: each rule, and that it comes before those below it.
    {"both well", Side{}, Side{}, Verdict::kOk},
    {"a 404 of the application is no failure", Side{404}, Side{404}, Verdict::kOk},
    {"a delay that was asked for is no failure", Side{200, {DI}}, Side{}, Verdict::kOk},
    {"caller closed", Side{0, {DC}}, Side{0, {DC}}, Verdict::kClientAborted},
    {"caller reset", Side{0, {DR}}, Side{0, {DR}}, Verdict::kClientAborted},
    {"caller went while the server waited", Side{0, {DC, UT}}, Side{0, {UT}},
     Verdict::kClientAborted},
    {"caller went while the server failed", Side{503, {DC}}, Side{503}, Verdict::kClientAborted},
    {"the server ended its websocket", Side{101, {UC}, kReset}, Side{101, {UC}, kReset},
     Verdict::kOk},
    {"the server ended its websocket, whose client is silent",
     {},
     Side{101, {UC}, kReset},
     Verdict::kOk},
    {"a websocket was cut between the two", Side{101, {UC}, kReset}, Side{101, {DC}},
     Verdict::kNetworkOrProxy},
    {"a websocket broke, and its server is silent",
     Side{101, {UC}, kReset},
     {},
     Verdict::kNetworkOrProxy},
    {"server too slow: request time-out", Side{504, {UT}, kProxy}, Side{0, {DC}},
     Verdict::kServerError},
    {"server too slow: idle", Side{504, {SI}, kProxy}, Side{0, {DC}}, Verdict::kServerError},
    {"server too slow: stream duration", Side{504, {UMSDR}, kProxy}, Side{0, {DC}},
     Verdict::kServerError},
    {"server too slow: duration", Side{504, {DT}, kProxy}, Side{0, {DC}}, Verdict::kServerError},
    {"server too slow, and its own proxy was the first to give up", Side{200, {}, "via_upstream"},
     Side{200, {}, "max_duration_timeout"}, Verdict::kServerError},
    {"too slow counts before the reset that follows", Side{504, {UT, UC}, kProxy}, Side{0, {DC}},
     Verdict::kServerError},
    {"application said 500", Side{500}, Side{500}, Verdict::kServerError},
    {"application said 503 until retries ended", Side{503, {URX}, "via_upstream", 3}, Side{503},
     Verdict::kServerError, 3},
    {"server's proxy had no application", Side{503}, Side{503, {UF}, kProxy},
     Verdict::kNetworkOrProxy},
    {"connection broke at the client", Side{503, {UC}, kProxy}, Side{200},
     Verdict::kNetworkOrProxy},
    {"fault injected at the client", Side{500, {FI}, "fault_filter_abort"}, Side{500, {}, kProxy},
     Verdict::kNetworkOrProxy},
    {"server's proxy overflows, codes differ", Side{200}, Side{503, {UO}, kProxy},
     Verdict::kNetworkOrProxy},
    {"client's own 503 against the server's 200", Side{503, {}, kProxy}, Side{200},
     Verdict::kNetworkOrProxy},
    {"retries ended in 503, the last server says 200", Side{503, {URX}}, Side{200},
     Verdict::kNetworkOrProxy},
    {"both claim an answer, and differ", Side{200}, Side{500}, Verdict::kMismatch},
    {"client got another 5xx than the application gave", Side{502}, Side{500}, Verdict::kMismatch},
    {"same 503, of a proxy that sets no flag", Side{503, {}, "ext_proc"}, Side{503, {}, "ext_proc"},
     Verdict::kNetworkOrProxy},
    {"succeeded at last", Side{200, {}, "via_upstream", 2}, Side{}, Verdict::kRetried},
    {"succeeded at last, by the servers", Side{}, Side{}, Verdict::kRetried, 2},
    {"TCP without flags", Side{0, {}, "", 1, true}, Side{0, {}, "", 1, true}, Verdict::kOk},
    {"TCP codes are not compared", Side{0, {}, "", 1, true}, Side{200, {}, "", 1, true},
     Verdict::kOk},
    // What a proxy refused by a rule.
    {"denied by a policy at the server", Side{403}, Denied(403, kPolicy), Verdict::kDenied},
    {"denied by a token check", Side{401}, Denied(401, "jwt_authn_access_denied{Jwt_is_missing}"),
     Verdict::kDenied},
    {"denied by a limit at the client", Denied(429, "local_rate_limited"), Side{},
     Verdict::kDenied},
    {"denied, and the caller went", Side{403, {DC}}, Denied(403, kPolicy), Verdict::kDenied},
    {"the last attempt was denied", Side{403, {}, "via_upstream", 2}, Denied(403, kPolicy),
     Verdict::kDenied, 2},
    {"the client got another answer than the denial", Side{200}, Denied(403, kPolicy),
     Verdict::kMismatch},
    {"an application's own 403", Side{403}, Side{403}, Verdict::kOk},
    {"a connection was denied", Side{0, {UC}, "", 1, true},
     Side{0, {}, "", 1, true, GrpcStatus::kAbsent, kPolicy}, Verdict::kDenied},
    {"a call was denied", Call(GrpcStatus::kPermissionDenied),
     Call(GrpcStatus::kPermissionDenied, kPolicy), Verdict::kDenied},
    {"denied, by the server alone", {}, Denied(403, kPolicy), Verdict::kDenied},
    {"denied, by the client's proxy alone", Denied(403, "ext_authz_denied"), {}, Verdict::kDenied},
    {"denied somewhere, by the client alone", Side{403}, {}, Verdict::kOk},
    // gRPC.
    {"a call that went well", Call(GrpcStatus::kOk), Call(GrpcStatus::kOk), Verdict::kOk},
    {"the application is unavailable", Call(GrpcStatus::kUnavailable),
     Call(GrpcStatus::kUnavailable), Verdict::kServerError},
    {"the application's deadline", Call(GrpcStatus::kDeadlineExceeded),
     Call(GrpcStatus::kDeadlineExceeded), Verdict::kServerError},
    {"the caller's own deadline", Call(GrpcStatus::kAbsent, "downstream_remote_disconnect", {DR}),
     Call(GrpcStatus::kDeadlineExceeded), Verdict::kClientAborted},
    {"cancelled", Call(GrpcStatus::kCancelled), Call(GrpcStatus::kCancelled),
     Verdict::kClientAborted},
    {"unavailable, says the server's proxy", Call(GrpcStatus::kUnavailable),
     Call(GrpcStatus::kUnavailable, kProxy, {UF}), Verdict::kNetworkOrProxy},
    {"unavailable, says a proxy that sets no flag", Call(GrpcStatus::kUnavailable),
     Call(GrpcStatus::kUnavailable, "direct_response"), Verdict::kNetworkOrProxy},
    {"unavailable, says the client's proxy", Call(GrpcStatus::kUnavailable, kProxy, {UC}),
     Call(GrpcStatus::kOk), Verdict::kNetworkOrProxy},
    {"both have a status, and they differ", Call(GrpcStatus::kNotFound), Call(GrpcStatus::kOk),
     Verdict::kMismatch},
    {"only one side logs trailers", Call(GrpcStatus::kAbsent), Call(GrpcStatus::kOk), Verdict::kOk},
    {"a call alone, of the application", Call(GrpcStatus::kInternal), {}, Verdict::kServerError},
    {"a call alone, of a proxy",
     Call(GrpcStatus::kUnavailable, kProxy),
     {},
     Verdict::kNetworkOrProxy},
    {"a call alone, cancelled", {}, Call(GrpcStatus::kCancelled), Verdict::kClientAborted},
    {"a call that went well at last", Side{200, {}, "via_upstream", 3, false, GrpcStatus::kOk},
     Call(GrpcStatus::kOk), Verdict::kRetried, 3},
    {"a call that failed after all",
     Side{200, {URX}, "via_upstream", 3, false, GrpcStatus::kUnavailable},
     Call(GrpcStatus::kUnavailable), Verdict::kServerError, 3},
    // The client's side alone.
    {"client alone, well", Side{}, {}, Verdict::kOk},
    {"client alone, caller went", Side{0, {DC}}, {}, Verdict::kClientAborted},
    {"client alone, no connection", Side{503, {UF}, kProxy}, {}, Verdict::kNetworkOrProxy},
    {"client alone, no host", Side{503, {UH}, "no_healthy_upstream"}, {}, Verdict::kNetworkOrProxy},
    {"client alone, waited in vain", Side{504, {UT}, kProxy}, {}, Verdict::kNetworkOrProxy},
    {"client alone, application's 500", Side{500}, {}, Verdict::kServerError},
    {"client alone, application's 503 until retries ended",
     Side{503, {URX}},
     {},
     Verdict::kServerError},
    {"client alone, a proxy's 500", Side{500, {}, "direct_response"}, {}, Verdict::kNetworkOrProxy},
    {"client alone, succeeded at last", Side{200, {}, "via_upstream", 2}, {}, Verdict::kRetried},
    // The server's side alone.
    {"server alone, well", {}, Side{}, Verdict::kOk},
    {"server alone, caller went", {}, Side{0, {DC}}, Verdict::kClientAborted},
    {"server alone, application's 500", {}, Side{500}, Verdict::kServerError},
    {"server alone, no application", {}, Side{503, {UF}, kProxy}, Verdict::kNetworkOrProxy},
};

void Fill(fakes::EntryBuilder* builder, const Side& side) {
  if (side.tcp) builder->Tcp();
  builder->Code(side.code)
      .Attempts(side.attempts)
      .Set(traffic::Text::kResponseCodeDetails, side.details);
  builder->Set(traffic::Text::kConnectionTermination, side.termination);
  builder->facts().grpc_status = side.grpc;
  for (const auto flag : side.flags) builder->Flag(flag);
}

BOOST_AUTO_TEST_SUITE(verdict)

BOOST_DATA_TEST_CASE(the_first_rule_that_holds_decides, kTable, judged) {
  traffic::EntryBatch batch(fakes::MakeNode("10.0.0.1"));
  traffic::TrafficPair pair;
  if (judged.client) {
    auto client = fakes::EntryBuilder::Client();
    Fill(&client, *judged.client);
    pair.client = batch.Add(client.entry());
  }
  std::vector<const traffic::PackedEntry*> servers;
  if (judged.server) {
    auto server = fakes::EntryBuilder::Server();
    Fill(&server, *judged.server);
    servers.assign(judged.servers, batch.Add(server.entry()));
  }
  pair.servers = servers;
  BOOST_TEST(traffic::ToString(pairing::Judge(pair)) == traffic::ToString(judged.verdict));
}

BOOST_AUTO_TEST_CASE(a_status_is_the_servers_fault_or_nobodys) {
  const std::set<GrpcStatus> servers = {GrpcStatus::kUnknown,       GrpcStatus::kDeadlineExceeded,
                                        GrpcStatus::kUnimplemented, GrpcStatus::kInternal,
                                        GrpcStatus::kUnavailable,   GrpcStatus::kDataLoss};
  for (int number = 0; number <= 16; ++number) {
    const auto status = static_cast<GrpcStatus>(number);
    if (status == GrpcStatus::kCancelled) continue;
    traffic::EntryBatch batch(fakes::MakeNode("10.0.0.1"));
    auto builder = fakes::EntryBuilder::Server();
    Fill(&builder, Call(status));
    const traffic::PackedEntry* server = batch.Add(builder.entry());
    traffic::TrafficPair pair;
    pair.servers = {&server, 1};
    const auto expected = servers.contains(status) ? Verdict::kServerError : Verdict::kOk;
    BOOST_TEST(traffic::ToString(pairing::Judge(pair)) == traffic::ToString(expected),
               ToString(status));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
