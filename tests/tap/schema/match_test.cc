// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tap/enum_names.h"
#include "tap/parsing.h"

namespace traffictap {
namespace {

using namespace tap;  // NOLINT: the names of the unit under test

MatchSpec Match(const std::string& fields) {
  return GoodSpec("  match: {" + fields + "}\n")->match;
}

bool RefusesMatch(const std::string& fields, const std::string& field,
                  const std::string& reason = "InvalidValue") {
  return Refuses("  match: {" + fields + "}\n", "spec.match." + field, reason);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parse_match)

BOOST_AUTO_TEST_CASE(reads_every_method_that_envoy_tells_apart) {
  const auto match =
      Match("methods: [GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH]");
  BOOST_TEST(match.methods.size() == 9);
  BOOST_TEST(RefusesMatch("methods: [PURGE]", "methods[0]"));
  BOOST_TEST(RefusesMatch("methods: [get]", "methods[0]"));
  BOOST_TEST(RefusesMatch("methods: GET", "methods"));
}

BOOST_AUTO_TEST_CASE(reads_paths_of_each_kind) {
  const auto match = Match("paths: [{prefix: /a}, {exact: /b}, {regex: '/c/[0-9]+'}]");
  BOOST_CHECK(match.paths == (std::vector<PathMatch>{{PathMatchKind::kPrefix, "/a"},
                                                     {PathMatchKind::kExact, "/b"},
                                                     {PathMatchKind::kRegex, "/c/[0-9]+"}}));
}

BOOST_AUTO_TEST_CASE(refuses_paths_that_can_match_nothing) {
  BOOST_TEST(RefusesMatch("paths: [{}]", "paths[0]"));
  BOOST_TEST(RefusesMatch("paths: [{prefix: /a, exact: /a}]", "paths[0]"));
  BOOST_TEST(RefusesMatch("paths: [{prefix: a}]", "paths[0].prefix"));
  BOOST_TEST(RefusesMatch("paths: [{exact: '/a?b=c'}]", "paths[0].exact"));
  BOOST_TEST(RefusesMatch("paths: [{prefix: '/a#b'}]", "paths[0].prefix"));
  BOOST_TEST(RefusesMatch("paths: [{prefix: ''}]", "paths[0].prefix"));
  BOOST_TEST(RefusesMatch("paths: [{regex: '('}]", "paths[0].regex"));
  BOOST_TEST(RefusesMatch("paths: [{regex: '(?<!a)b'}]", "paths[0].regex"));
  BOOST_TEST(RefusesMatch("paths: [{regex: '" + std::string(4097, 'a') + "'}]", "paths[0].regex"));
  BOOST_TEST(RefusesMatch("paths: [{regex: '((a{100}){100}){100}'}]", "paths[0].regex"));
  BOOST_TEST(RefusesMatch("paths: [{regex: '(\\pL{100}){10}'}]", "paths[0].regex"));
  BOOST_TEST(RefusesMatch("paths: [{prefx: /a, exact: /a}]", "paths[0].prefx", "UnknownField"));
  BOOST_TEST(RefusesMatch("paths: [/a]", "paths[0]") == false);  // not a map: two faults
}

BOOST_AUTO_TEST_CASE(reads_schemes_authorities_and_protocols) {
  const auto match = Match(
      "schemes: [http, https], authorities: [cart.shop, '*.example', 'a:8080', '[fd00::1]:80'], "
      "protocols: [HTTP/1.0, HTTP/1.1, HTTP/2, HTTP/3, TCP]");
  BOOST_TEST(match.schemes.size() == 2);
  BOOST_TEST(match.authorities.size() == 4);
  BOOST_TEST(match.protocols.size() == 5);
  BOOST_TEST(RefusesMatch("schemes: [HTTP]", "schemes[0]"));
  BOOST_TEST(RefusesMatch("protocols: [h2]", "protocols[0]"));
  for (const char* authority :
       {"'*'", "'*.'", "'a*'", "'*.*.a'", "'http://a'", "'a b'", "''", "a/b"}) {
    BOOST_TEST(RefusesMatch(std::string("authorities: [") + authority + "]", "authorities[0]"),
               authority);
  }
}

BOOST_AUTO_TEST_CASE(reads_user_agents_of_each_kind) {
  const auto match = Match("userAgents: [{prefix: curl/}, {exact: Go 1}, {regex: '.*Firefox.*'}]");
  BOOST_CHECK(match.user_agents ==
              (std::vector<PathMatch>{{PathMatchKind::kPrefix, "curl/"},
                                      {PathMatchKind::kExact, "Go 1"},
                                      {PathMatchKind::kRegex, ".*Firefox.*"}}));
  BOOST_TEST(RefusesMatch("userAgents: [{}]", "userAgents[0]"));
  BOOST_TEST(RefusesMatch("userAgents: [{prefix: a, exact: b}]", "userAgents[0]"));
  BOOST_TEST(RefusesMatch("userAgents: [{regex: '('}]", "userAgents[0].regex"));
  BOOST_TEST(RefusesMatch("userAgents: [{prefix: ''}]", "userAgents[0].prefix"));
}

BOOST_AUTO_TEST_CASE(reads_response_codes_quoted_and_plain) {
  const auto match = Match("responseCodes: ['500-599', 404, '0']");
  BOOST_CHECK(match.response_codes == (std::vector<CodeRange>{{500, 599}, {404, 404}, {0, 0}}));
  BOOST_CHECK(Match("responseCodes: [5xx]").response_codes == (std::vector<CodeRange>{{500, 599}}));
  for (const char* code : {"6xx", "0xx", "5XX", "5x", "50x", "5xx-6xx", "xxx"}) {
    BOOST_TEST(RefusesMatch(std::string("responseCodes: [") + code + "]", "responseCodes[0]"),
               code);
  }
  BOOST_TEST(RefusesMatch("responseCodes: [200, [404]]", "responseCodes[1]"));
}

BOOST_AUTO_TEST_CASE(reads_the_shortest_duration) {
  BOOST_TEST(*Match("minDuration: 250ms").min_duration == 250 * base::kMillisecond);
  BOOST_TEST(*Match("minDuration: 0s").min_duration == 0);
  BOOST_TEST(*Match("minDuration: 24h").min_duration == 86'400 * base::kSecond);
  BOOST_TEST(!Match("methods: []").min_duration.has_value());
  BOOST_TEST(RefusesMatch("minDuration: 24h1ns", "minDuration"));
  BOOST_TEST(RefusesMatch("minDuration: 250", "minDuration"));
}

BOOST_AUTO_TEST_CASE(reads_every_response_flag) {
  for (const std::string name : kResponseFlags) {
    BOOST_TEST(Match("responseFlags: [" + name + "]").response_flags.at(0) == name);
  }
  BOOST_TEST(RefusesMatch("responseFlags: [XX]", "responseFlags[0]"));
  BOOST_TEST(RefusesMatch("responseFlags: [uf]", "responseFlags[0]"));
  BOOST_TEST(Match("grpcStatuses: [UNAVAILABLE, OK]").grpc_statuses.size() == 2);
  BOOST_TEST(RefusesMatch("grpcStatuses: [14]", "grpcStatuses[0]"));
}

BOOST_AUTO_TEST_CASE(reads_the_ids_of_traces) {
  const auto match = Match("traceIds: [0af7651916cd43dd8448eb211c80319c, 8448eb211c80319c]");
  BOOST_TEST(match.trace_ids.size() == 2u);
  for (const char* bad : {"0AF7651916CD43DD8448EB211C80319C", "'00000000000000000000000000000000'",
                          "8448eb211c80319", "8448eb211c80319c00", "x448eb211c80319c"}) {
    BOOST_TEST(RefusesMatch(std::string("traceIds: [") + bad + "]", "traceIds[0]"), bad);
  }
}

BOOST_AUTO_TEST_CASE(reads_headers_of_each_kind) {
  const auto match = Match(
      "headers: [{name: X-A}, {name: b, exact: v}, {name: c, prefix: v, in: Response}, {name: d, "
      "regex: 'v+', invert: true}, "
      "{name: e, in: Request, invert: false}]");
  using Kind = HeaderMatch::Kind;
  BOOST_CHECK(match.headers == (std::vector<HeaderMatch>{{"x-a", Kind::kPresent, "", false, false},
                                                         {"b", Kind::kExact, "v", false, false},
                                                         {"c", Kind::kPrefix, "v", true, false},
                                                         {"d", Kind::kRegex, "v+", false, true},
                                                         {"e", Kind::kPresent, "", false, false}}));
}

BOOST_AUTO_TEST_CASE(refuses_headers_that_cannot_work) {
  BOOST_TEST(RefusesMatch("headers: [{exact: v}]", "headers[0].name", "MissingField"));
  BOOST_TEST(RefusesMatch("headers: [{name: 'a b'}]", "headers[0].name"));
  BOOST_TEST(RefusesMatch("headers: [{name: a, exact: v, prefix: v}]", "headers[0]"));
  BOOST_TEST(RefusesMatch("headers: [{name: a, regex: '['}]", "headers[0].regex"));
  BOOST_TEST(RefusesMatch("headers: [{name: a, in: request}]", "headers[0].in"));
  BOOST_TEST(RefusesMatch("headers: [{name: a, invert: maybe}]", "headers[0].invert"));
}

BOOST_AUTO_TEST_CASE(refuses_to_match_on_credentials_which_would_tell_them_bit_by_bit) {
  for (const char* header : {"Authorization", "cookie", "x-api-key"}) {
    BOOST_TEST(RefusesMatch(std::string("headers: [{name: ") + header + ", prefix: a}]",
                            "headers[0].name"),
               header);
  }
}

BOOST_AUTO_TEST_CASE(refuses_more_values_than_a_list_may_have) {
  std::string codes = "responseCodes: [";
  for (int i = 0; i < 257; ++i) codes += "404,";
  BOOST_TEST(RefusesMatch(codes + "]", "responseCodes"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
