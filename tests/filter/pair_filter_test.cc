// SPDX-License-Identifier: Apache-2.0
#include "filter/pair_filter.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tap/enum_names.h"
#include "traffic/response_flags.h"
#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of what is filtered
using filter::PairFilter;
using tap::HeaderMatch;
using tap::MatchSpec;

// A request that both sides saw end with `client_code` and `server_code`.
struct Request {
  Request(uint32_t client_code, uint32_t server_code)
      : client(Reporter::kSource), server(Reporter::kDestination) {
    client.facts().response_code = client_code;
    server.facts().response_code = server_code;
    client.facts().duration = 100 * base::kMillisecond;
    server.facts().duration = 80 * base::kMillisecond;
  }

  SampleEntry client;
  SampleEntry server;
};

bool Matches(const MatchSpec& match, const SampleEntry* client,
             const std::vector<const SampleEntry*>& servers) {
  const auto filter = PairFilter::Create(match);
  BOOST_TEST_REQUIRE(filter.ok(), Message(filter.status()));
  return (*filter)->Matches(SamplePair(client, servers).pair);
}

bool Matches(const MatchSpec& match, const Request& request) {
  const bool both = Matches(match, &request.client, {&request.server});
  // What either side alone meets, the pair meets.
  const bool either =
      Matches(match, &request.client, {}) || Matches(match, nullptr, {&request.server});
  if (either) BOOST_TEST(both);
  return both;
}

MatchSpec Codes(const std::vector<tap::CodeRange>& codes) {
  MatchSpec match;
  match.response_codes = codes;
  return match;
}

MatchSpec Header(HeaderMatch header) {
  MatchSpec match;
  match.headers = {std::move(header)};
  return match;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pair_filter)

BOOST_AUTO_TEST_CASE(an_empty_match_takes_every_record) {
  BOOST_TEST(Matches({}, Request(200, 200)));
}

BOOST_AUTO_TEST_CASE(a_response_code_may_be_seen_by_either_side) {
  BOOST_TEST(Matches(Codes({{500, 599}}), Request(503, 200)));
  BOOST_TEST(Matches(Codes({{500, 599}}), Request(200, 503)));
  BOOST_TEST(!Matches(Codes({{500, 599}}), Request(200, 200)));
}

BOOST_AUTO_TEST_CASE(a_range_of_codes_includes_its_ends) {
  for (const uint32_t code : {500u, 599u})
    BOOST_TEST(Matches(Codes({{500, 599}}), Request(code, code)));
  for (const uint32_t code : {499u, 600u})
    BOOST_TEST(!Matches(Codes({{500, 599}}), Request(code, code)));
  BOOST_TEST(Matches(Codes({{100, 199}, {404, 404}}), Request(404, 404)));
  BOOST_TEST(Matches(Codes({{0, 0}}), Request(0, 200)));
}

BOOST_AUTO_TEST_CASE(code_zero_is_a_request_without_an_answer_and_no_connection) {
  SampleEntry connection;
  connection.facts().kind = EntryKind::kTcp;
  auto match = Codes({{0, 0}, {200, 599}});
  BOOST_TEST(!Matches(match, &connection, {}));
  SampleEntry request;
  BOOST_TEST(Matches(match, &request, {}));
  match.protocols = {"TCP", "HTTP/1.1"};
  BOOST_TEST(Matches(match, &connection, {}));
}

BOOST_AUTO_TEST_CASE(what_is_open_has_no_code_zero_though_it_may_have_another) {
  Request open(0, 0);
  open.client.facts().moment = open.server.facts().moment = LogMoment::kPeriodic;
  BOOST_TEST(!Matches(Codes({{0, 0}}), open));
  BOOST_TEST(Matches({}, open));
  open.server.facts().response_code = 101;
  BOOST_TEST(Matches(Codes({{101, 101}}), open));
  MatchSpec slow;
  slow.min_duration = 90 * base::kMillisecond;  // so far
  BOOST_TEST(Matches(slow, open));
  slow.min_duration = base::kSecond;
  BOOST_TEST(!Matches(slow, open));
}

BOOST_AUTO_TEST_CASE(a_code_of_any_attempt_counts) {
  const Request retried(200, 200);
  const Request failed(200, 503);
  BOOST_TEST(Matches(Codes({{503, 503}}), &retried.client, {&failed.server, &retried.server}));
}

BOOST_AUTO_TEST_CASE(the_longest_duration_counts) {
  MatchSpec match;
  match.min_duration = 100 * base::kMillisecond;
  BOOST_TEST(Matches(match, Request(200, 200)));
  match.min_duration = *match.min_duration + 1;
  BOOST_TEST(!Matches(match, Request(200, 200)));
}

BOOST_AUTO_TEST_CASE(an_unknown_duration_meets_no_bound) {
  MatchSpec match;
  match.min_duration = 0;
  SampleEntry client;
  BOOST_TEST(!Matches(match, &client, {}));
  client.facts().duration = 0;
  BOOST_TEST(Matches(match, &client, {}));
}

BOOST_AUTO_TEST_CASE(a_response_flag_may_be_seen_by_either_side) {
  MatchSpec match;
  match.response_flags = {"UF", "URX"};
  Request request(503, 200);
  BOOST_TEST(!Matches(match, request));
  request.server.facts().response_flags.Add(ResponseFlag::kDownstreamConnectionTermination);
  BOOST_TEST(!Matches(match, request));
  request.client.facts().response_flags.Add(ResponseFlag::kUpstreamConnectionFailure);
  BOOST_TEST(Matches(match, request));
}

BOOST_AUTO_TEST_CASE(a_grpc_status_may_be_seen_by_either_side) {
  MatchSpec match;
  match.grpc_statuses = {"UNAVAILABLE", "INTERNAL"};
  Request request(200, 200);
  BOOST_TEST(!Matches(match, request));
  request.client.facts().grpc_status = GrpcStatus::kOk;
  BOOST_TEST(!Matches(match, request));
  request.server.facts().grpc_status = GrpcStatus::kInternal;
  BOOST_TEST(Matches(match, request));
}

BOOST_AUTO_TEST_CASE(a_trace_may_be_told_by_either_side) {
  MatchSpec match;
  match.trace_ids = {"0af7651916cd43dd8448eb211c80319c", "8448eb211c80319c"};
  Request request(200, 200);
  BOOST_TEST(!Matches(match, request));
  request.server.facts().trace = {0x0af7651916cd43dd, 0x8448eb211c80319c, 7, 0};
  BOOST_TEST(Matches(match, request));
  request.server.facts().trace.trace_high = 0;
  BOOST_TEST(Matches(match, request));
  request.server.facts().trace.trace_high = 1;
  BOOST_TEST(!Matches(match, request));
}

BOOST_AUTO_TEST_CASE(the_names_of_statuses_that_a_tap_may_give_are_those_that_records_have) {
  int number = 0;
  for (const char* name : tap::kGrpcStatuses) {
    BOOST_TEST(ToString(static_cast<GrpcStatus>(number++)) == std::string(name));
  }
  BOOST_TEST(ToString(static_cast<GrpcStatus>(number)) == std::string());
}

BOOST_AUTO_TEST_CASE(the_names_of_flags_that_a_tap_may_give_are_those_that_records_have) {
  const auto& names = tap::kResponseFlags;
  for (size_t number = 1; number <= std::size(names); ++number) {
    BOOST_TEST(ShortName(static_cast<ResponseFlag>(number)) == names[number - 1]);
  }
  BOOST_TEST(ShortName(static_cast<ResponseFlag>(std::size(names) + 1)).find("FLAG") == 0);
}

BOOST_AUTO_TEST_CASE(refuses_what_does_not_compile) {
  MatchSpec flag;
  flag.response_flags = {"XX"};
  MatchSpec trace;
  trace.trace_ids = {"0"};
  BOOST_TEST(!filter::PairFilter::Create(trace).ok());
  MatchSpec path;
  path.paths = {{tap::PathMatchKind::kRegex, "("}};
  for (const auto& match :
       {flag, path, Header({.name = "a", .kind = HeaderMatch::Kind::kRegex, .value = "("})}) {
    BOOST_TEST(absl::IsInvalidArgument(PairFilter::Create(match).status()));
  }
}

BOOST_AUTO_TEST_CASE(a_user_agent_matches_by_prefix_whole_text_or_regex) {
  const auto agents = [](tap::PathMatchKind kind, const std::string& value) {
    MatchSpec match;
    match.user_agents = {{kind, value}};
    return match;
  };
  using Kind = tap::PathMatchKind;
  Request request(200, 200);
  request.client.Set(Text::kUserAgent, "curl/8.5.0");
  BOOST_TEST(Matches(agents(Kind::kPrefix, "curl/"), request));
  BOOST_TEST(!Matches(agents(Kind::kPrefix, "url/"), request));
  BOOST_TEST(Matches(agents(Kind::kExact, "curl/8.5.0"), request));
  BOOST_TEST(!Matches(agents(Kind::kExact, "curl/8"), request));
  BOOST_TEST(Matches(agents(Kind::kRegex, "curl/8\\..*"), request));
  BOOST_TEST(!Matches(agents(Kind::kRegex, "8"), request));
  BOOST_TEST(!Matches(agents(Kind::kPrefix, "curl/"), Request(200, 200)));
  BOOST_TEST(absl::IsInvalidArgument(PairFilter::Create(agents(Kind::kRegex, "(")).status()));
}

BOOST_AUTO_TEST_CASE(each_regex_asks_for_time_and_does_not_match_without) {
  struct NoTime final : tap::PatternBudget {
    bool MayTest(size_t) override {
      ++asked;
      return false;
    }
    int asked = 0;
  };
  Request request(200, 200);
  request.client.Set(Text::kPath, "/cart").Set(Text::kUserAgent, "curl");
  request.client.Set(Text::kRequestHeaders, HeaderList({{"x-tenant", "blue"}}));
  const tap::PathMatch any{tap::PathMatchKind::kRegex, ".+"};
  MatchSpec path;
  path.paths = {any};
  MatchSpec agent;
  agent.user_agents = {any};
  for (const auto& match :
       {path, agent,
        Header({.name = "x-tenant", .kind = HeaderMatch::Kind::kRegex, .value = ".+"})}) {
    const auto filter = PairFilter::Create(match);
    BOOST_TEST_REQUIRE(filter.ok(), Message(filter.status()));
    const SamplePair pair(&request.client, {});
    NoTime budget;
    BOOST_TEST((*filter)->Matches(pair.pair));
    BOOST_TEST(!(*filter)->Matches(pair.pair, &budget));
    BOOST_TEST(budget.asked == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_header_matches_by_presence_value_prefix_or_regex) {
  Request request(200, 200);
  request.client.Set(Text::kRequestHeaders, HeaderList({{"x-tenant", "acme-1"}, {"x-empty", ""}}));
  using Kind = HeaderMatch::Kind;
  BOOST_TEST(Matches(Header({.name = "x-tenant"}), request));
  BOOST_TEST(Matches(Header({.name = "x-empty"}), request));
  BOOST_TEST(!Matches(Header({.name = "x-other"}), request));
  BOOST_TEST(
      Matches(Header({.name = "x-tenant", .kind = Kind::kExact, .value = "acme-1"}), request));
  BOOST_TEST(
      !Matches(Header({.name = "x-tenant", .kind = Kind::kExact, .value = "acme"}), request));
  BOOST_TEST(
      Matches(Header({.name = "x-tenant", .kind = Kind::kPrefix, .value = "acme"}), request));
  BOOST_TEST(!Matches(Header({.name = "x-tenant", .kind = Kind::kPrefix, .value = "1"}), request));
  BOOST_TEST(Matches(Header({.name = "x-tenant", .kind = Kind::kRegex, .value = "[a-z]+-[0-9]"}),
                     request));
  BOOST_TEST(
      !Matches(Header({.name = "x-tenant", .kind = Kind::kRegex, .value = "[a-z]+"}), request));
}

BOOST_AUTO_TEST_CASE(a_header_may_be_seen_by_either_side) {
  Request request(200, 200);
  request.server.Set(Text::kRequestHeaders, HeaderList({{"x-tenant", "a"}}));
  BOOST_TEST(Matches(Header({.name = "x-tenant"}), request));
}

BOOST_AUTO_TEST_CASE(a_response_header_is_not_looked_for_in_the_request) {
  Request request(200, 200);
  request.client.Set(Text::kRequestHeaders, HeaderList({{"x-a", "1"}}));
  request.client.Set(Text::kResponseHeaders, HeaderList({{"x-b", "1"}}));
  BOOST_TEST(Matches(Header({.name = "x-b", .response = true}), request));
  BOOST_TEST(!Matches(Header({.name = "x-a", .response = true}), request));
  BOOST_TEST(!Matches(Header({.name = "x-b"}), request));
}

BOOST_AUTO_TEST_CASE(a_response_header_may_be_a_trailer) {
  Request request(200, 200);
  request.client.Set(Text::kResponseTrailers, HeaderList({{"grpc-status", "14"}}));
  request.server.Set(Text::kResponseTrailers, HeaderList({{"grpc-status", "14"}}));
  using Kind = HeaderMatch::Kind;
  HeaderMatch status{.name = "grpc-status", .kind = Kind::kExact, .value = "14", .response = true};
  BOOST_TEST(Matches(Header(status), request));
  status.invert = true;
  BOOST_TEST(!Matches(Header(status), request));
  status.value = "0";
  BOOST_TEST(Matches(Header(status), request));
  BOOST_TEST(!Matches(Header({.name = "grpc-status"}), request));
}

BOOST_AUTO_TEST_CASE(headers_that_envoy_logs_apart_from_the_others_need_not_be_captured) {
  Request request(200, 200);
  request.client.Set(Text::kUserAgent, "curl/8.5.0");
  request.client.Set(Text::kForwardedFor, "192.0.2.1");
  using Kind = HeaderMatch::Kind;
  BOOST_TEST(
      Matches(Header({.name = "user-agent", .kind = Kind::kPrefix, .value = "curl/"}), request));
  BOOST_TEST(Matches(Header({.name = "x-forwarded-for"}), request));
  BOOST_TEST(!Matches(Header({.name = "referer"}), request));
  BOOST_TEST(!Matches(Header({.name = "user-agent", .response = true}), request));
}

BOOST_AUTO_TEST_CASE(an_inverted_header_must_hold_on_no_side) {
  Request request(200, 200);
  request.server.Set(Text::kRequestHeaders, HeaderList({{"x-tenant", "a"}}));
  const auto inverted =
      Header({.name = "x-tenant", .kind = HeaderMatch::Kind::kExact, .value = "a", .invert = true});
  const auto filter = PairFilter::Create(inverted);
  BOOST_REQUIRE(filter.ok());
  BOOST_TEST(!(*filter)->Matches(SamplePair(&request.client, {&request.server}).pair));
  BOOST_TEST((*filter)->Matches(SamplePair(&request.client, {}).pair));
}

BOOST_AUTO_TEST_CASE(every_header_must_hold_but_one_value_of_each_list_is_enough) {
  Request request(404, 404);
  request.client.Set(Text::kRequestHeaders, HeaderList({{"x-a", "1"}, {"x-b", "2"}}));
  MatchSpec match = Header({.name = "x-a"});
  match.headers.push_back({.name = "x-b"});
  match.response_codes = {{200, 200}, {404, 404}};
  BOOST_TEST(Matches(match, request));
  match.headers.push_back({.name = "x-c"});
  BOOST_TEST(!Matches(match, request));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(direction)

BOOST_AUTO_TEST_CASE(inbound_needs_the_servers_side_and_outbound_the_clients) {
  const Request request(200, 200);
  const SamplePair both(&request.client, {&request.server});
  const SamplePair client(&request.client, {});
  const SamplePair server(nullptr, {&request.server});
  using tap::Direction;
  for (const auto* pair : std::vector<const SamplePair*>{&both, &client, &server}) {
    BOOST_TEST(filter::MatchesDirection(Direction::kBoth, pair->pair));
    BOOST_TEST(filter::MatchesDirection(Direction::kInbound, pair->pair) == (pair != &client));
    BOOST_TEST(filter::MatchesDirection(Direction::kOutbound, pair->pair) == (pair != &server));
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(samples)

BOOST_AUTO_TEST_CASE(a_record_weighs_as_many_requests_as_its_sampling_left_out) {
  Request request(200, 200);
  request.client.Set(Text::kRequestId, "11111111-2222-4333-8444-555555555555");
  request.server.Set(Text::kRequestId, "11111111-2222-4333-8444-555555555555");
  const auto weight = [&](const tap::SamplingSpec& spec) {
    const SamplePair pair(&request.client, {&request.server});
    return filter::WeightOf(spec, pair.pair);
  };
  BOOST_TEST(weight({}) == 1);
  BOOST_TEST(weight({.ratio = 0.25}) == 4);
  BOOST_TEST(weight({.ratio = 0.25, .always_keep_errors = true}) == 4);
  BOOST_TEST(weight({.ratio = 0.25,
                     .always_keep_slow = true,
                     .slow_threshold = 100 * base::kMillisecond}) == 1);
  request.server.facts().response_code = 500;
  BOOST_TEST(weight({.ratio = 0.25, .always_keep_errors = true}) == 1);
  // What has no id to sample by is always kept.
  request.client.Set(Text::kRequestId, "");
  BOOST_TEST(weight({.ratio = 0.25}) == 1);
  BOOST_TEST(weight({.ratio = 0}) == 1);
}

BOOST_AUTO_TEST_CASE(keeps_every_error_where_asked) {
  tap::SamplingSpec spec;
  spec.ratio = 0;
  const Request good(200, 200);
  const Request failed(200, 503);
  SamplePair pair(&good.client, {&good.server});
  BOOST_TEST(!filter::Samples(spec, SamplePair(&failed.client, {&failed.server}).pair));
  spec.always_keep_errors = true;
  BOOST_TEST(filter::Samples(spec, SamplePair(&failed.client, {&failed.server}).pair));
  for (const auto verdict : {Verdict::kServerError, Verdict::kClientAborted,
                             Verdict::kNetworkOrProxy, Verdict::kMismatch}) {
    pair.pair.verdict = verdict;
    BOOST_TEST(filter::Samples(spec, pair.pair));
  }
  for (const auto verdict : {Verdict::kOk, Verdict::kRetried}) {
    pair.pair.verdict = verdict;
    BOOST_TEST(!filter::Samples(spec, pair.pair));
  }
}

BOOST_AUTO_TEST_CASE(keeps_every_slow_record_where_asked) {
  tap::SamplingSpec spec;
  spec.ratio = 0;
  spec.slow_threshold = 100 * base::kMillisecond;
  const Request request(200, 200);
  const SamplePair pair(&request.client, {&request.server});
  BOOST_TEST(!filter::Samples(spec, pair.pair));
  spec.always_keep_slow = true;
  BOOST_TEST(filter::Samples(spec, pair.pair));
  ++spec.slow_threshold;
  BOOST_TEST(!filter::Samples(spec, pair.pair));
}

BOOST_AUTO_TEST_CASE(a_failed_attempt_of_a_call_is_an_error_though_its_code_is_200) {
  const tap::SamplingSpec spec{.ratio = 0, .always_keep_errors = true};
  Request call(200, 200);
  Request first(200, 200);
  const auto keeps = [&] {
    SamplePair pair(&call.client, {&first.server, &call.server});
    pair.pair.verdict = Verdict::kRetried;
    return filter::Samples(spec, pair.pair);
  };
  BOOST_TEST(!keeps());
  first.server.facts().grpc_status = GrpcStatus::kNotFound;
  BOOST_TEST(!keeps());
  first.server.facts().grpc_status = GrpcStatus::kUnavailable;
  BOOST_TEST(keeps());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
