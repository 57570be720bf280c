// SPDX-License-Identifier: Apache-2.0
#include "cli/records/filter_options.h"

#include <boost/test/unit_test.hpp>

#include "cli/shell/parse_command.h"
#include "observe/filter_words.h"

namespace traffictap {
namespace {

struct Fixture {
  Fixture() { cli::AddFilterOptions(&filter, &spec); }

  Status Parse(const std::vector<std::string>& args) {
    filter.parameters.clear();
    return cli::ParseCommand(spec, args).status();
  }
  // The conditions as a query would have them.
  std::string Query() const {
    std::string out;
    for (const auto& [name, value] : filter.parameters) out += name + "=" + value + " ";
    return out;
  }
  tap::CodeRange OnlyCode() const {
    const auto codes = cli::SplitForTap(filter).match.response_codes;
    return codes.size() == 1 ? codes[0] : tap::CodeRange{};
  }

  cli::CommandSpec spec;
  cli::FilterOptions filter;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(filter_options, Fixture)

BOOST_AUTO_TEST_CASE(response_codes_are_ranges_as_well_with_a_comma) {
  for (const char* codes : {"500,599", "500-599", "5xx"}) {
    BOOST_TEST_CONTEXT(codes) {
      BOOST_TEST(Parse({"--response-code", codes}).ok());
      BOOST_TEST((OnlyCode() == tap::CodeRange{500, 599}));
    }
  }
  BOOST_TEST(Parse({"--response-code", "404"}).ok());
  BOOST_TEST((OnlyCode() == tap::CodeRange{404, 404}));
  BOOST_TEST(Parse({"--response-code", "404|503"}).ok());
  BOOST_TEST(cli::SplitForTap(filter).match.response_codes.size() == 2u);
}

BOOST_AUTO_TEST_CASE(wrong_values_are_refused_with_their_option) {
  for (const auto& args : std::vector<std::vector<std::string>>{{"--response-code", "900"},
                                                                {"--path", "cart"},
                                                                {"--path", "~("},
                                                                {"--direction", "up"},
                                                                {"--min-duration", "long"},
                                                                {"--verdict", "Bad"},
                                                                {"--grpc-status", "17"},
                                                                {"--state", "Closed"},
                                                                {"--trace", "b7ad6b71"},
                                                                {"--user-agent", "~("},
                                                                {"--method", "GTE"},
                                                                {"--protocol", "spdy"},
                                                                {"--authority", "http://a/b"},
                                                                {"--destination", "cart:80"},
                                                                {"--source-ns", "a/b"},
                                                                {"--flag", "XX"}}) {
    const Status status = Parse(args);
    BOOST_TEST(absl::IsInvalidArgument(status), args[1]);
    BOOST_TEST(Message(status).starts_with(args[0] + ": "), Message(status));
  }
}

BOOST_AUTO_TEST_CASE(not_turns_the_filter_after_it_around) {
  BOOST_TEST(Parse({"--not", "--method", "GET", "--path=/a", "--not", "--path=/b"}).ok());
  BOOST_TEST(Query() == "path=/a not.method=GET not.path=/b ");
  BOOST_TEST(Message(Parse({"--not"})) ==
             "--not must stand before a filter, such as --not --method GET");
  BOOST_TEST(Message(Parse({"--not", "GET"})).find("\"GET\" is none") != std::string::npos);
  BOOST_TEST(!Parse({"--not", "--not"}).ok());
}

BOOST_AUTO_TEST_CASE(what_a_tap_can_hold_goes_into_it_and_the_rest_into_the_query) {
  BOOST_TEST(
      Parse({"--method",    "get,post",  "--path",      "/cart",     "--scheme",         "https",
             "--authority", "*.example", "--direction", "out",       "--min-duration",   "100ms",
             "--from",      "web",       "--to",        "shop/cart", "--destination-ns", "shop",
             "--verdict",   "Retried"})
          .ok());
  const auto split = cli::SplitForTap(filter);
  BOOST_TEST((split.match.methods == std::vector<std::string>{"GET", "POST"}));
  BOOST_TEST(split.match.paths.at(0).value == "/cart");
  BOOST_TEST(*split.match.min_duration == 100 * base::kMillisecond);
  BOOST_TEST((split.direction == tap::Direction::kOutbound));
  std::string rest;
  for (const auto& [name, value] : split.rest) rest += name + "=" + value + " ";
  BOOST_TEST(rest == "verdict=Retried source=web destination=shop/cart destinationNamespace=shop ");
}

BOOST_AUTO_TEST_CASE(a_grpc_status_goes_into_the_tap) {
  BOOST_TEST(Parse({"--grpc-status", "unavailable|INTERNAL"}).ok());
  const auto split = cli::SplitForTap(filter);
  BOOST_TEST((split.match.grpc_statuses == std::vector<std::string>{"UNAVAILABLE", "INTERNAL"}));
  BOOST_TEST(split.rest.empty());
}

BOOST_AUTO_TEST_CASE(a_trace_goes_into_the_tap) {
  BOOST_TEST(Parse({"--trace", "0AF7651916CD43DD8448EB211C80319C"}).ok());
  const auto split = cli::SplitForTap(filter);
  BOOST_TEST(
      (split.match.trace_ids == std::vector<std::string>{"0af7651916cd43dd8448eb211c80319c"}));
  BOOST_TEST(split.rest.empty());
}

BOOST_AUTO_TEST_CASE(open_streams_are_asked_for_by_their_state_and_not_to_be_counted) {
  for (const auto& args : std::vector<std::vector<std::string>>{
           {"--state", "open"}, {"--state", "Open|Ended"}, {"--not", "--state", "ended"}}) {
    BOOST_TEST(Parse(args).ok());
    BOOST_TEST(cli::AsksForOpen(filter), Query());
    BOOST_TEST(Message(cli::CheckCounted(filter)).starts_with("--state: "), Query());
  }
  for (const auto& args : std::vector<std::vector<std::string>>{
           {}, {"--state", "ended"}, {"--not", "--state", "open"}, {"--verdict", "Ok"}}) {
    BOOST_TEST(Parse(args).ok());
    BOOST_TEST(!cli::AsksForOpen(filter), Query());
    BOOST_TEST(cli::CheckCounted(filter).ok(), Query());
  }
}

BOOST_AUTO_TEST_CASE(every_word_is_an_option_and_can_be_negated) {
  for (const auto& word : observe::FilterWords()) {
    if (word.option.empty()) continue;
    auto names = word.aliases;
    names.push_back(word.option);
    for (const auto& name : names) {
      BOOST_TEST(Parse({"--" + name, word.example}).ok(), name);
      BOOST_TEST(Query() == word.parameter + "=" + word.example + " ");
      BOOST_TEST(Parse({"--not", "--" + name, word.example}).ok(), name);
      BOOST_TEST(Query() == "not." + word.parameter + "=" + word.example + " ");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_tap_holds_every_condition_that_it_has_a_field_for) {
  for (const auto& word : observe::FilterWords()) {
    if (word.option.empty()) continue;
    BOOST_TEST_REQUIRE(Parse({"--" + word.option, word.example}).ok(), word.option);
    const auto split = cli::SplitForTap(filter);
    BOOST_TEST(split.rest.empty() == !word.tap_field.empty(), word.option);
  }
}

BOOST_AUTO_TEST_CASE(headers_are_matched_by_the_tap_or_captured_for_the_stream) {
  BOOST_TEST(Parse({"--header", "X-Tenant: blue", "--not", "--header", "x-probe"}).ok());
  const auto split = cli::SplitForTap(filter);
  BOOST_TEST_REQUIRE(split.match.headers.size() == 1u);
  BOOST_TEST(split.match.headers[0].name == "x-tenant");
  BOOST_TEST(split.match.headers[0].value == "blue");
  BOOST_TEST((split.capture_request_headers == std::vector<std::string>{"x-probe"}));
  BOOST_TEST(split.rest.at(0).name == "not.header");
}

BOOST_AUTO_TEST_CASE(a_query_stays_for_the_stream_and_the_tap_gets_the_path) {
  BOOST_TEST(Parse({"--path", "=/cart?id=1", "--path", "/pay"}).ok());
  const auto split = cli::SplitForTap(filter);
  BOOST_TEST_REQUIRE(split.match.paths.size() == 2u);
  BOOST_TEST(split.match.paths[0].value == "/cart");
  BOOST_TEST((split.match.paths[0].kind == tap::PathMatchKind::kExact));
  BOOST_TEST(split.match.paths[1].value == "/pay");
  BOOST_TEST(split.rest.size() == 2u);
  // A regex cannot be cut: the tap then takes every path.
  BOOST_TEST(Parse({"--path", "~/cart[?]id=.*"}).ok());
  BOOST_TEST(cli::SplitForTap(filter).match.paths.empty());
  BOOST_TEST(cli::SplitForTap(filter).rest.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_turned_around_filter_is_never_the_taps) {
  BOOST_TEST(Parse({"--not", "--method", "GET"}).ok());
  const auto split = cli::SplitForTap(filter);
  BOOST_TEST((split.match == tap::MatchSpec()));
  BOOST_TEST(split.rest.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
