// SPDX-License-Identifier: Apache-2.0
#include "observe/record_filter.h"

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "observe/filter_values.h"
#include "observe/filter_words.h"
#include "observe/sample_records.h"
#include "traffic/pair_json.h"
#include "traffic/record_reader.h"
#include "traffic/sample_entries.h"

namespace traffictap {
namespace observe {
namespace {

struct Case {
  std::string name;
  std::string value;
  bool matches;
  friend std::ostream& operator<<(std::ostream& out, const Case& c) {
    return out << c.name << "=" << c.value;
  }
};

// Against GET /cart/42?x=1 of authority web.shop:8080 from frontend to cart (shop), 503, 10 ms.
const std::vector<Case> kCases = {
    {"method", "get", true},
    {"method", "POST|GET", true},
    {"method", "POST", false},
    {"method", "post, get", true},
    {"path", "/cart", true},
    {"path", "=/cart", false},
    {"path", "=/cart/42", true},
    {"path", "~/cart/[0-9]+", true},
    {"path", "~/cart", false},
    {"path", "/cart/*", true},
    {"path", "/*", true},
    {"path", "/carts/*", false},
    {"path", "=/cart/*", false},
    {"path", "/cart/42?x", true},
    {"path", "/cart/42?", true},
    {"path", "/cart?x", false},
    {"path", "/cart/42?y", false},
    {"path", "=/cart/42?x=1", true},
    {"path", "=/cart/42?x=2", false},
    {"path", "=/cart/42?x", false},
    {"path", "=/cart/42?x=1&token=secret", false},
    {"path", "~/cart/[0-9]+[?]x=.*", true},
    {"path", "~/cart/[0-9]+\\?y=.*", false},
    {"not.path", "=/cart/42?x=1", false},
    {"scheme", "HTTP", true},
    {"scheme", "https", false},
    {"authority", "web.shop", true},
    {"authority", "*.shop", true},
    {"authority", "http://web.shop:8080/", true},
    {"authority", "https://web.example", false},
    {"authority", "http://web.shop:80/", true},
    {"authority", "https://web.shop:443", true},
    {"authority", "https://web.shop:80", false},
    {"authority", "web.shop:80", false},
    {"authority", "web.shop.", true},
    {"host", "web.shop", true},
    {"userAgent", "curl/", true},
    {"userAgent", "url/", false},
    {"userAgent", "=curl/8.5.0", true},
    {"userAgent", "=curl/8", false},
    {"userAgent", "~curl/[0-9.]+", true},
    {"userAgent", "~curl", false},
    {"user-agent", "Curl/", false},
    {"not.userAgent", "curl/", false},
    {"code", "503", true},
    {"code", "500-599", true},
    {"code", "500,599", true},
    {"code", "5xx", true},
    {"code", "404|503", true},
    {"code", "404|4xx", false},
    {"response-code", "503", true},
    {"minDuration", "10ms", true},
    {"minDuration", "11ms", false},
    {"flag", "uf", false},
    {"flag", "dc|nr", true},
    {"protocol", "http/1.1", true},
    {"protocol", "http1.1", true},
    {"protocol", "TCP", false},
    {"protocol", "http2", false},
    {"header", "x-other", false},
    {"header", "X-Tenant", true},
    {"header", "x-tenant:blue", true},
    {"header", "x-tenant:Blue", false},
    {"header", "x-tenant:blu", false},
    {"header", "x-tenant: blue", true},
    {"header", "x-tenan", false},
    {"not.header", "x-tenant:blue", false},
    {"verdict", "servererror", true},
    {"trace", "0af7651916cd43dd8448eb211c80319c", true},
    {"trace-id", "0AF7651916CD43DD8448EB211C80319C", true},
    {"trace", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true},
    {"trace", "8448eb211c80319c", false},
    {"grpcStatus", "unavailable|Internal", true},
    {"grpcStatus", "NOT_FOUND", false},
    {"grpcStatus", "14", true},
    {"grpcStatus", "0|5", false},
    {"grpcStatus", "Canceled", false},
    {"grpc-status", "OK", false},
    {"verdict", "server-error", true},
    {"verdict", "Ok|Retried", false},
    {"orphan", "none", true},
    {"orphan", "never-arrived|None", true},
    {"orphan", "NeverArrived", false},
    {"orphan", "any", false},
    {"not.orphan", "any", true},
    {"state", "ended", true},
    {"state", "Open", false},
    {"state", "open|ended", true},
    {"not.state", "open", true},
    {"not.state", "ended", false},
    {"direction", "inbound", true},
    {"not.direction", "both", false},
    {"source", "frontend", true},
    {"source", "shop/front*", true},
    {"source", "cart", false},
    {"from", "deploy/frontend", true},
    {"from", "deployments.apps/cart", false},
    {"from", "pod/frontend-0", true},
    {"from", "po/front*", true},
    {"from", "pod/cart-0", false},
    {"from", "ns/shop", true},
    {"from", "ns/bank", false},
    {"from", "*", true},
    {"sourceNamespace", "shop", true},
    {"sourceNamespace", "bank", false},
    {"destination", "shop/cart", true},
    {"destination", "bank/cart", false},
    {"destination", "cart.shop.svc.cluster.local", true},
    {"to", "cart.shop.svc", true},
    {"to", "cart.shop", true},
    {"to", "cart.shop.svc.cluster.local.", true},
    {"to", "svc/cart.shop.", true},
    {"to", "svc/cart", true},
    {"to", "service/cart.shop", true},
    {"to", "svc/car", false},
    {"to", "cart.bank.svc.cluster.local", false},
    {"to", "other.example", false},
    {"to", "shop/cart.shop.svc.cluster.local", true},
    {"destinationNamespace", "sh*", true},
    {"destinationNamespace", "bank", false},
    {"to-ns", "shop", true},
    {"workload", "cart|other", true},
    {"workload", "svc/cart", true},
    {"workload", "other", false},
    {"namespace", "bank", false},
    {"namespace", "shop", true},
    {"clientCode", "5xx", true},
    {"clientCode", "404|503", true},
    {"clientCode", "0", false},
    {"client-code", "2xx", false},
    {"serverCode", "503", true},
    {"server-code", "500,502", false},
    {"not.serverCode", "2xx", true},
    {"attempts", "1", true},
    {"attempts", "2", false},
    {"not.attempts", "2", true},
    {"pod", "cart-0", true},
    {"pod", "front*", true},
    {"pod", "other|frontend-0", true},
    {"pod", "cart", false},
    {"not.pod", "cart-*", false},
    {"service", "cart", true},
    {"service", "shop/cart", true},
    {"service", "svc/cart", true},
    {"service", "cart.shop", true},
    {"service", "cart.shop.svc.cluster.local.", true},
    {"service", "bank/cart", false},
    {"service", "frontend", false},
    {"not.service", "stock|cart", false},
    {"text", "CART/42", true},
    {"text", "nowhere", false},
    {"not.method", "GET", false},
    {"not.code", "404", true},
};

const std::vector<Case> kRefused = {
    {"method", "GTE", false},
    {"method", ",", false},
    {"method", "|", false},
    {"path", "cart", false},
    {"path", "~[", false},
    {"path", "=", false},
    {"path", "~", false},
    {"path", "http://shop.example/cart", false},
    {"path", "/cart#top", false},
    {"path", "/*/items", false},
    {"path", "/cart/**", false},
    {"scheme", "ftp", false},
    {"authority", "http://shop.example/cart", false},
    {"authority", "shop.example/cart", false},
    {"authority", "*", false},
    {"authority", "shop.*", false},
    {"authority", "user@shop.example", false},
    {"code", "600", false},
    {"code", "abc", false},
    {"code", "|", false},
    {"code", "503,404", false},
    {"minDuration", "x", false},
    {"minDuration", "25h", false},
    {"flag", "NOPE", false},
    {"protocol", "HTTP", false},
    {"protocol", "grpc", false},
    {"header", ":blue", false},
    {"header", "x tenant", false},
    {"header", "x-tenant=blue", false},
    {"header", "host:shop", false},
    {"header", "authorization", false},
    {"header", "Cookie:a", false},
    {"not.header", "x-api-key", false},
    {"verdict", "Bad", false},
    {"orphan", "Lost", false},
    {"state", "Closed", false},
    {"not.state", "|", false},
    {"trace", "b7ad6b71", false},
    {"trace", "0000000000000000", false},
    {"trace", "x448eb211c80319c", false},
    {"grpcStatus", "17", false},
    {"grpcStatus", "-1", false},
    {"grpcStatus", "x", false},
    {"userAgent", "", false},
    {"userAgent", "=", false},
    {"userAgent", "~[", false},
    {"direction", "up", false},
    {"source", "c*t", false},
    {"source", "/", false},
    {"source", "shop/", false},
    {"source", "cart:8080", false},
    {"source", "cart.shop.svc.cluster.local", false},
    {"source", "svc/cart", false},
    {"source", "pod/", false},
    {"destination", "a/b/c", false},
    {"destination", "svc/*", false},
    {"destination", "cart shop", false},
    {"destination", "deployment.batch/cart", false},
    {"destination", "http://cart", false},
    {"workload", "*cart", false},
    {"sourceNamespace", "shop/cart", false},
    {"destinationNamespace", "*shop", false},
    {"namespace", "cart.shop", false},
    {"clientCode", "600", false},
    {"serverCode", "abc", false},
    {"attempts", "0", false},
    {"attempts", "two", false},
    {"attempts", "1001", false},
    {"attempts", "-1", false},
    {"pod", "shop/cart-0", false},
    {"pod", "*-0", false},
    {"service", "car*", false},
    {"service", "cart:8080", false},
    {"service", "pod/cart", false},
    {"service", "shop/", false},
    {"service", "/cart", false},
    {"text", "", false},
    {"colour", "red", false},
    {"not.colour", "red", false},
};

traffic::RecordSkim SkimOf(const traffic::TrafficPair& pair) {
  std::string line;
  traffic::AppendRecordJson("1", "shop/t", pair, &line);
  traffic::RecordReader reader;
  traffic::RecordSkim out;
  BOOST_TEST((reader.Begin(line).ok() && reader.Skim(&out)));
  return out;
}

bool Matches(const std::vector<Parameter>& parameters) {
  auto client =
      fakes::EntryBuilder::Client()
          .Id("3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f60")
          .Path("/cart/42?x=1")
          .Code(503)
          .Flag(traffic::ResponseFlag::kDownstreamConnectionTermination)
          .Set(traffic::Text::kUserAgent, "curl/8.5.0")
          .Set(traffic::Text::kUpstreamCluster, "outbound|80||cart.shop.svc.cluster.local")
          .Set(traffic::Text::kRequestHeaders, traffic::HeaderList({{"x-tenant", "blue"}}));
  auto server = fakes::EntryBuilder::Server().Path("/cart/42?x=1").Code(503);
  server.facts().grpc_status = traffic::GrpcStatus::kUnavailable;
  client.facts().trace = {0x0af7651916cd43dd, 0x8448eb211c80319c, 1, 0};
  const auto batch = BatchBuilder().Pair(client, server).Build();
  const auto filter = RecordFilter::Parse(parameters).value();
  const bool matches = filter->Matches(batch->pair(0));
  const Wanted wanted = filter->Judge(SkimOf(batch->pair(0)));
  BOOST_TEST((wanted != Wanted::kNo || !matches), "a skim loses it");
  BOOST_TEST((wanted != Wanted::kYes || matches), "a skim keeps it");
  return matches;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record_filter)

BOOST_DATA_TEST_CASE(each_parameter_keeps_what_it_says, kCases) {
  BOOST_TEST(Matches({{sample.name, sample.value}}) == sample.matches);
}

BOOST_DATA_TEST_CASE(what_makes_no_sense_is_refused_by_name, kRefused) {
  const auto parsed = RecordFilter::Parse({{sample.name, sample.value}});
  BOOST_REQUIRE((parsed.status().code() == absl::StatusCode::kInvalidArgument));
  BOOST_TEST(Message(parsed.status()).find(sample.name) == 0u);
}

BOOST_AUTO_TEST_CASE(every_word_has_values_that_keep_that_drop_and_that_are_refused) {
  const auto has = [](const std::vector<Case>& cases, const FilterWord& word, bool matches) {
    return std::any_of(cases.begin(), cases.end(), [&](const Case& c) {
      return FindFilterWord(c.name) == &word && c.matches == matches;
    });
  };
  for (const auto& word : FilterWords()) {
    // Every record of a pair is seen from both sides.
    const bool drops = word.parameter == "direction" || has(kCases, word, false);
    BOOST_TEST(has(kCases, word, true), word.parameter);
    BOOST_TEST(drops, word.parameter);
    BOOST_TEST(has(kRefused, word, false), word.parameter);
  }
}

BOOST_AUTO_TEST_CASE(a_path_is_looked_for_as_it_goes_over_the_wire_too) {
  RecordConditions read;
  BOOST_TEST(ReadPath("/caf\xc3\xa9 1?x=a%20b&y={z}", &read).ok());
  BOOST_TEST_REQUIRE(read.paths_with_query.size() == 2u);
  BOOST_TEST(read.paths_with_query[0].value == "/caf%C3%A9%201?x=a%20b&y={z}");
  BOOST_TEST(read.paths_with_query[1].value == "/caf\xc3\xa9 1?x=a%20b&y={z}");
  RecordConditions plain;
  BOOST_TEST(ReadPath("=/a%20b/(c);d", &plain).ok());
  BOOST_TEST(plain.match.paths.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_request_id_is_looked_for_as_either_side_has_it) {
  BOOST_TEST(Matches({{"text", "3F1F4B0E-8C1D-9D5E-9A57-1D2C3B4A5F60"}}));
  BOOST_TEST(!Matches({{"text", "3f1f4b0f-8c1d-4d5e-9a57-1d2c3b4a5f60"}}));
}

BOOST_AUTO_TEST_CASE(texts_must_all_be_there_each_wherever_it_is) {
  BOOST_TEST(Matches({{"text", "frontend"}, {"text", "/cart/42"}}));
  BOOST_TEST(Matches({{"text", "curl"}, {"text", "cart"}}));
  BOOST_TEST(!Matches({{"text", "nowhere"}, {"text", "cart"}}));
  BOOST_TEST(!Matches({{"text", "frontend /cart/42"}}));
  BOOST_TEST(!Matches({{"text", "cart"}, {"not.text", "frontend"}}));
}

BOOST_AUTO_TEST_CASE(values_of_one_parameter_are_alternatives) {
  BOOST_TEST(Matches({{"verdict", "Ok"}, {"verdict", "ServerError"}}));
  BOOST_TEST(Matches({{"attempts", "3"}, {"attempts", "1"}}));
  BOOST_TEST(!Matches({{"attempts", "3"}, {"attempts", "2"}}));
  BOOST_TEST(Matches({{"minDuration", "1s"}, {"minDuration", "1ms"}}));
  BOOST_TEST(Matches({{"path", "/other"}, {"path", "=/cart/42?x=1"}}));
  BOOST_TEST(Matches({{"path", "=/cart/42?x=2"}, {"path", "/cart"}}));
  BOOST_TEST(!Matches({{"path", "=/cart/42?x=2"}, {"path", "/other"}}));
  BOOST_TEST(Matches({{"path", "~/cart/42[?]x=1"}, {"path", "/other"}}));
}

BOOST_AUTO_TEST_CASE(each_side_is_asked_for_its_own_code_and_a_request_for_its_attempts) {
  auto open = fakes::EntryBuilder::Client().Code(0);
  open.facts().moment = traffic::LogMoment::kPeriodic;
  const auto batch = BatchBuilder()
                         .Pair(fakes::EntryBuilder::Client().Code(503).Attempts(3),
                               fakes::EntryBuilder::Server().Code(200))
                         .Pair(open, fakes::EntryBuilder::Server().Code(0))
                         .Build();
  auto pair = batch->pair(0);
  const auto matches = [&](const std::string& name, const std::string& value) {
    return RecordFilter::Parse({{name, value}}).value()->Matches(pair);
  };
  BOOST_TEST(matches("clientCode", "503"));
  BOOST_TEST(!matches("clientCode", "2xx"));
  BOOST_TEST(matches("serverCode", "2xx"));
  BOOST_TEST(!matches("serverCode", "503"));
  BOOST_TEST(matches("attempts", "3"));
  BOOST_TEST(!matches("attempts", "4"));
  // Any attempt's code will do, and each server is an attempt.
  const std::vector<const traffic::PackedEntry*> servers = {batch->pair(1).server(), pair.server()};
  pair.servers = servers;
  pair.client = nullptr;
  BOOST_TEST(matches("serverCode", "0"));
  BOOST_TEST(matches("serverCode", "2xx"));
  BOOST_TEST(!matches("clientCode", "0"));
  BOOST_TEST(matches("attempts", "2"));
  BOOST_TEST(!matches("attempts", "3"));
  // What is open may still be answered.
  pair = batch->pair(1);
  BOOST_TEST(!matches("clientCode", "0"));
}

BOOST_AUTO_TEST_CASE(what_is_open_is_told_from_what_has_ended) {
  auto client = fakes::EntryBuilder::Client();
  auto server = fakes::EntryBuilder::Server();
  for (auto* side : {&client, &server}) side->facts().moment = traffic::LogMoment::kPeriodic;
  const auto batch = BatchBuilder().Pair(client, server).Get("/cart").Build();
  const auto matches = [&](const std::string& name, const std::string& value, size_t i) {
    return RecordFilter::Parse({{name, value}}).value()->Matches(batch->pair(i));
  };
  BOOST_TEST(matches("state", "open", 0));
  BOOST_TEST(!matches("state", "Ended", 0));
  BOOST_TEST(!matches("not.state", "Open", 0));
  BOOST_TEST(matches("not.state", "Ended", 0));
  BOOST_TEST(!matches("state", "Open", 1));
  BOOST_TEST(matches("state", "Ended", 1));
}

BOOST_AUTO_TEST_CASE(one_sided_records_are_told_by_their_reason) {
  const auto batch =
      BatchBuilder().Pair(fakes::EntryBuilder::Client(), fakes::EntryBuilder::Server()).Build();
  auto pair = batch->pair(0);
  pair.orphan_reason = traffic::OrphanReason::kNeverArrived;
  const auto matches = [&](const std::string& name, const std::string& value) {
    return RecordFilter::Parse({{name, value}}).value()->Matches(pair);
  };
  BOOST_TEST(matches("orphan", "any"));
  BOOST_TEST(matches("orphan", "neverarrived"));
  BOOST_TEST(matches("orphan", "PeerNotMeshed|NeverArrived"));
  BOOST_TEST(!matches("orphan", "PeerNotMeshed"));
  BOOST_TEST(!matches("orphan", "None"));
  BOOST_TEST(!matches("not.orphan", "Any"));
  BOOST_TEST(matches("not.orphan", "None"));
}

BOOST_AUTO_TEST_CASE(both_directions_are_no_condition) {
  RecordConditions conditions;
  BOOST_TEST(ReadCondition({"direction", "in"}, &conditions).ok());
  BOOST_TEST((conditions.direction() == tap::Direction::kInbound));
  BOOST_TEST(ReadCondition({"direction", "out"}, &conditions).ok());
  BOOST_TEST((conditions.direction() == tap::Direction::kBoth));
}

BOOST_AUTO_TEST_CASE(a_redacted_query_value_is_like_any_value) {
  BatchBuilder builder;
  builder.Get("/cart?id=REDACTED&page=REDACTED");
  const auto batch = builder.Build();
  const auto matches = [&](const std::string& path) {
    return RecordFilter::Parse({{"path", path}}).value()->Matches(batch->pair(0));
  };
  BOOST_TEST(matches("=/cart?id=1&page=2"));
  BOOST_TEST(matches("/cart?id=1"));
  BOOST_TEST(!matches("=/cart?id=1"));
  BOOST_TEST(!matches("=/cart?sku=1&page=2"));
}

BOOST_AUTO_TEST_CASE(a_servers_side_alone_is_found_by_the_host_that_was_asked_for) {
  auto server = fakes::EntryBuilder::Server().Set(traffic::Text::kAuthority, "cart:8080");
  const auto node = fakes::MakeNode("10.0.0.2", "cart", "shop");
  traffic::EntryBatch entries(node);
  auto* entry = entries.Add(server.entry());
  entry->node = node.get();
  const traffic::PackedEntry* servers[] = {entry};
  traffic::TrafficPair pair;
  pair.servers = servers;
  const auto matches = [&](const std::string& to) {
    return RecordFilter::Parse({{"to", to}}).value()->Matches(pair);
  };
  BOOST_TEST(matches("cart.shop.svc.cluster.local"));
  BOOST_TEST(matches("cart.shop"));
  BOOST_TEST(matches("svc/cart"));
  BOOST_TEST(!matches("cart.bank.svc.cluster.local"));
  BOOST_TEST(!matches("svc/other"));
}

BOOST_AUTO_TEST_CASE(an_unknown_parameter_is_answered_with_the_nearest_one) {
  const auto parsed = RecordFilter::Parse({{"not.methd", "GET"}});
  BOOST_TEST(Message(parsed.status()) == "not.methd: no such parameter: did you mean method?");
}

BOOST_AUTO_TEST_CASE(different_parameters_must_all_hold_and_each_not_excludes_alone) {
  BOOST_TEST(Matches({{"method", "GET"}, {"code", "5xx"}}));
  BOOST_TEST(!Matches({{"method", "GET"}, {"code", "200"}}));
  BOOST_TEST(!Matches({{"not.method", "POST"}, {"not.code", "5xx"}}));
}

BOOST_AUTO_TEST_CASE(a_skim_rules_out_by_method_path_code_and_verdict_alone) {
  const traffic::RecordSkim skim{
      .verdict = "Ok", .method = "GET", .path = "/cart/42?x=1", .codes = {200, 204}};
  const auto may = [](const traffic::RecordSkim& of, const std::vector<Parameter>& parameters) {
    return RecordFilter::Parse(parameters).value()->Judge(of) != Wanted::kNo;
  };
  BOOST_TEST(may(skim, {}));
  BOOST_TEST(may(skim, {{"code", "204"}, {"method", "GET"}, {"verdict", "Ok"}}));
  BOOST_TEST(!may(skim, {{"code", "5xx"}}));
  BOOST_TEST(!may(skim, {{"method", "POST"}}));
  BOOST_TEST(!may(skim, {{"verdict", "ServerError"}}));
  BOOST_TEST(!may(skim, {{"path", "/nowhere"}}));
  BOOST_TEST(!may(skim, {{"path", "=/cart"}}));
  BOOST_TEST(may(skim, {{"path", "=/cart/42"}, {"path", "/nowhere"}}));
  BOOST_TEST(may(skim, {{"path", "~/nowhere"}, {"not.code", "200"}, {"not.method", "GET"}}));
  BOOST_TEST(may({.verdict = "OfTomorrow"}, {{"verdict", "ServerError"}}));
  BOOST_TEST(may({.tcp = true}, {{"code", "5xx"}}));
}

BOOST_AUTO_TEST_CASE(a_skim_is_sure_by_codes_and_verdicts_of_plain_records_alone) {
  const traffic::RecordSkim plain{.verdict = "Ok", .method = "GET", .path = "/a", .codes = {200}};
  const auto sure = [](const traffic::RecordSkim& of, const std::vector<Parameter>& parameters) {
    return RecordFilter::Parse(parameters).value()->Judge(of) == Wanted::kYes;
  };
  BOOST_TEST(sure(plain, {}));
  BOOST_TEST(sure(plain, {{"code", "2xx"}, {"verdict", "Ok"}}));
  BOOST_TEST(sure(plain, {{"not.code", "5xx"}, {"not.method", "POST"}}));
  BOOST_TEST(!sure(plain, {{"not.code", "2xx"}}));
  BOOST_TEST(!sure(plain, {{"code", "2xx"}, {"not.header", "x"}}));
  for (const Parameter& more : std::vector<Parameter>{{"method", "GET"},
                                                      {"path", "/a"},
                                                      {"minDuration", "1ms"},
                                                      {"source", "web"},
                                                      {"text", "a"},
                                                      {"attempts", "1"}}) {
    BOOST_TEST(!sure(plain, {{"code", "2xx"}, more}), more.name);
  }
  const auto but = [&](auto change) {
    traffic::RecordSkim out = plain;
    change(&out);
    return out;
  };
  const std::vector<Parameter> any_code = {{"code", "0"}, {"code", "200"}};
  BOOST_TEST(sure(plain, any_code));
  BOOST_TEST(!sure(but([](auto* skim) { skim->tcp = true; }), any_code));
  BOOST_TEST(!sure(but([](auto* skim) { skim->open = true; }), any_code));
  BOOST_TEST(!sure(but([](auto* skim) { skim->reduced = true; }), any_code));
  BOOST_TEST(!sure(but([](auto* skim) { skim->verdict = "OfTomorrow"; }), any_code));
  BOOST_TEST(!sure(but([](auto* skim) { skim->codes = {}; }), {{"not.code", "5xx"}}));
}

BOOST_AUTO_TEST_CASE(no_parameter_matches_everything) {
  BOOST_TEST(Matches({}));
  BOOST_TEST(RecordFilter::Parse({}).value()->empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace observe
}  // namespace traffictap
