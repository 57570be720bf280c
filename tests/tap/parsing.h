// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "tap/parse_tap.h"

namespace traffictap::tap {

// A document with `spec`, whose lines are indented by two.
inline std::string Document(const std::string& spec, const std::string& name = "errors",
                            const std::string& kind = "TrafficTap") {
  return fmt::format(
      "apiVersion: traffictap.io/v1alpha1\nkind: {}\nmetadata:\n  name: {}\nspec:\n  direction: "
      "Both\n{}",
      kind, name, spec);
}

inline TapSpecPtr Good(const std::string& text) {
  const ParseResult result = ParseTaps("taps/a.yaml", text);
  for (const auto& error : result.errors)
    BOOST_TEST_REQUIRE(false, error.ToString() << "\n" << text);
  BOOST_REQUIRE(result.taps.size() == 1);
  return result.taps[0];
}

// The spec of a ClusterTrafficTap or TrafficTap that is without fault.
inline TapSpecPtr GoodSpec(const std::string& spec) { return Good(Document(spec)); }

inline std::vector<std::string> Faults(const std::string& text) {
  std::vector<std::string> out;
  for (const auto& error : ParseTaps("taps/a.yaml", text).errors) out.push_back(error.ToString());
  return out;
}

// The one fault of a spec, "field: reason: message".
inline std::string Fault(const std::string& spec) {
  const ParseResult result = ParseTaps("taps/a.yaml", Document(spec));
  BOOST_TEST_REQUIRE(result.errors.size() == 1, spec);
  BOOST_TEST(result.taps.empty());
  const ParseError& error = result.errors[0];
  BOOST_TEST(error.file == "taps/a.yaml");
  BOOST_TEST(error.line > 0);
  return fmt::format("{}: {}: {}", error.field, error.reason, error.message);
}

// True where the spec has exactly one fault, in `field` and of `reason`.
inline bool Refuses(const std::string& spec, const std::string& field,
                    const std::string& reason = "InvalidValue") {
  const ParseResult result = ParseTaps("taps/a.yaml", Document(spec));
  for (const auto& error : result.errors) BOOST_TEST_MESSAGE(error.ToString());
  return result.errors.size() == 1 && result.errors[0].field == field &&
         result.errors[0].reason == reason && !result.errors[0].message.empty();
}

}  // namespace traffictap::tap
