// SPDX-License-Identifier: Apache-2.0
#include "tap/pattern.h"

#include <re2/re2.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "fmt/format.h"
#include "tap/parse_tap.h"

namespace traffictap {
namespace {

std::string Refusal(const std::string& pattern) {
  return std::string(Message(tap::CompilePattern(pattern).status()));
}

// What a tap of these many rules, or regexes of `match`, is refused for; "" where it is not.
std::string FaultOf(const std::string& spec) {
  const auto result = tap::ParseTaps("t.yaml",
                                     "apiVersion: traffictap.io/v1alpha1\n"
                                     "kind: TrafficTap\nmetadata: {name: a}\nspec:\n" +
                                         spec);
  return result.errors.empty() ? "" : result.errors[0].ToString();
}

std::string Repeated(const std::string& element, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += element;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pattern)

BOOST_AUTO_TEST_CASE(usual_patterns_are_far_below_the_bound) {
  for (const char* usual :
       {"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\\.[a-zA-Z]{2,}", "\\b(?:\\d[ -]*?){13,16}\\b",
        "[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", "(?i)(password|token|secret|apikey)=[^&\\s]+",
        "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "/users/[^/]+/orders/[0-9]+"}) {
    const auto compiled = tap::CompilePattern(usual);
    BOOST_TEST_REQUIRE(compiled.ok(), Refusal(usual));
    BOOST_TEST(tap::PatternCost(**compiled) < tap::kPatternCostMax / 10, usual);
  }
}

BOOST_AUTO_TEST_CASE(one_that_costs_too_much_is_refused_with_cost_and_bound) {
  const std::string costly = Refusal("\\pL{2}");
  BOOST_TEST(costly.starts_with("costs 2"), costly);
  BOOST_TEST(costly.find("a pattern may cost 2048") != std::string::npos, costly);
  BOOST_TEST(Refusal("(\\pL{100}){10}").starts_with("costs more than 4096 instructions"));
  BOOST_TEST(Refusal("(").starts_with("is not a regex that RE2 takes: "));
}

BOOST_AUTO_TEST_CASE(rules_that_cost_too_much_together_are_refused_with_field_cost_and_bound) {
  const std::string rule = "{pattern: '(?i)[a-q][^u-z]{40}[vx]'},";
  BOOST_TEST(FaultOf("  redaction: {rules: [" + Repeated(rule, 20) + "]}\n") == "");
  const std::string fault = FaultOf("  redaction: {rules: [" + Repeated(rule, 64) + "]}\n");
  BOOST_TEST(fault.find("spec.redaction: ") != std::string::npos, fault);
  BOOST_TEST(fault.find("rules that cost 23680 instructions together") != std::string::npos, fault);
  BOOST_TEST(fault.find("may cost 8192") != std::string::npos, fault);
}

BOOST_AUTO_TEST_CASE(regexes_of_a_match_count_together) {
  const std::string path = "{regex: '(?i)[a-q][^u-z]{40}[vx]'},";
  const std::string header = "{name: a, regex: '(?i)[a-q][^u-z]{40}[vx]'},";
  const auto match = [&](int paths, int agents, int headers) {
    return FaultOf("  match: {paths: [" + Repeated(path, paths) + "], userAgents: [" +
                   Repeated(path, agents) + "], headers: [" + Repeated(header, headers) + "]}\n");
  };
  BOOST_TEST(match(8, 7, 7) == "");
  BOOST_TEST(match(8, 8, 8).find("spec.match") != std::string::npos, match(8, 8, 8));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
