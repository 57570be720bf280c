// SPDX-License-Identifier: Apache-2.0
#include "redaction/redactor.h"

#include <re2/re2.h>

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <vector>

#include "tap/credential_headers.h"
#include "traffic/header_list.h"
#include "traffic/pair_json.h"
#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of what is redacted
using redaction::Redactor;
using tap::QueryValues;
using tap::RedactionRule;
using tap::TapSpec;

// Lets the first `tests` of them happen.
class CountedBudget final : public tap::PatternBudget {
 public:
  explicit CountedBudget(size_t tests) : left_(tests) {}
  bool MayTest(size_t) override {
    refused_ = left_ == 0;
    if (!refused_) --left_;
    return !refused_;
  }
  bool refused() const { return refused_; }  // the last test

 private:
  size_t left_;
  bool refused_ = false;
};
CountedBudget unlimited(SIZE_MAX);

std::unique_ptr<Redactor> RedactorOf(const TapSpec& spec) {
  auto out = Redactor::Create(spec);
  BOOST_TEST_REQUIRE(out.ok(), Message(out.status()));
  return *std::move(out);
}

TapSpec WithRules(const std::vector<RedactionRule>& rules) {
  TapSpec spec;
  spec.redaction.rules = rules;
  return spec;
}

std::string Redacted(const TapSpec& spec, Text which, const std::string& text) {
  SampleEntry sample;
  sample.Set(which, text);
  const auto redactor = RedactorOf(spec);
  return std::string(redactor->Redact(sample.entry, unlimited).text(which));
}

std::string Path(const std::string& path) { return Redacted({}, Text::kPath, path); }

std::map<std::string, std::string> Headers(std::string_view list) {
  std::map<std::string, std::string> out;
  ForEachHeader(list,
                [&](std::string_view name, std::string_view value) { out.emplace(name, value); });
  return out;
}

TapSpec Capturing(const std::vector<std::string>& names) {
  TapSpec spec;
  spec.capture.request_headers = names;
  spec.capture.response_headers = names;
  return spec;
}

std::string Captured(const TapSpec& spec, const std::string& value) {
  SampleEntry sample;
  sample.Set(Text::kRequestHeaders, HeaderList({{"x-a", value}}));
  const auto redactor = RedactorOf(spec);
  return Headers(redactor->Redact(sample.entry, unlimited).text(Text::kRequestHeaders)).at("x-a");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(query_values)

BOOST_AUTO_TEST_CASE(the_policies_of_other_namespaces_are_not_named_to_a_namespaces_tap) {
  const std::string foreign =
      "rbac_access_denied_matched_policy[ns[istio-system]-policy[mesh-wide]-rule[0]]";
  const std::string own = "rbac_access_denied_matched_policy[ns[shop]-policy[carts]-rule[0]]";
  TapSpec spec;
  spec.ns = "shop";
  for (const auto which : {Text::kResponseCodeDetails, Text::kConnectionTermination}) {
    BOOST_TEST(Redacted(spec, which, foreign) == "rbac_access_denied_matched_policy[REDACTED]");
    BOOST_TEST(Redacted(spec, which, own) == own);
    BOOST_TEST(Redacted(spec, which, "via_upstream") == "via_upstream");
  }
  const std::string tried = "ns[istio-system]-policy[mesh-wide]-rule[0]";
  BOOST_TEST(Redacted(spec, Text::kDryRunPolicy, tried) == "");
  BOOST_TEST(Redacted(spec, Text::kDryRunPolicy, "ns[shop]-policy[x]-rule[0]") ==
             "ns[shop]-policy[x]-rule[0]");
  spec.cluster_scoped = true;
  BOOST_TEST(Redacted(spec, Text::kDryRunPolicy, tried) == tried);
  BOOST_TEST(Redacted(spec, Text::kResponseCodeDetails, foreign) == foreign);
}

BOOST_AUTO_TEST_CASE(every_value_of_a_query_is_replaced_and_its_key_kept) {
  BOOST_TEST(Path("/a?user=bob&token=s3cret") == "/a?user=REDACTED&token=REDACTED");
  BOOST_TEST(Path("/a?x=1;y=2") == "/a?x=REDACTED;y=REDACTED");
  BOOST_TEST(Path("/a?x=1=2") == "/a?x=REDACTED");
  BOOST_TEST(Path("/a?x=") == "/a?x=REDACTED");
  BOOST_TEST(Path("/a?=v") == "/a?=REDACTED");
}

BOOST_AUTO_TEST_CASE(a_part_without_a_key_is_replaced_whole) {
  BOOST_TEST(Path("/a?s3cret") == "/a?REDACTED");
  BOOST_TEST(Path("/a?&&x") == "/a?&&REDACTED");
}

BOOST_AUTO_TEST_CASE(a_fragment_is_replaced) {
  BOOST_TEST(Path("/a#access_token=s3cret") == "/a#REDACTED");
  BOOST_TEST(Path("/a?x=1#y") == "/a?x=REDACTED#REDACTED");
  BOOST_TEST(Path("/a#x?y=1") == "/a#REDACTED");
}

BOOST_AUTO_TEST_CASE(a_path_without_a_query_stays_as_it_is) {
  BOOST_TEST(Path("/a/b,v=1/@user&c") == "/a/b,v=1/@user&c");
  BOOST_TEST(Path("/a?") == "/a?");
  BOOST_TEST(Path("") == "");
}

BOOST_AUTO_TEST_CASE(referer_and_original_path_are_treated_alike) {
  for (const Text which : {Text::kReferer, Text::kOriginalPath}) {
    BOOST_TEST(Redacted({}, which, "https://shop/a?b=c") == "https://shop/a?b=REDACTED");
  }
}

BOOST_AUTO_TEST_CASE(a_tap_may_keep_query_values) {
  TapSpec spec;
  spec.redaction.query_values = QueryValues::kKeep;
  BOOST_TEST(Redacted(spec, Text::kPath, "/a?b=c#d") == "/a?b=c#d");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(userinfo)

BOOST_AUTO_TEST_CASE(user_and_password_are_removed_from_urls_even_where_query_values_are_kept) {
  for (const auto values : {QueryValues::kRedact, QueryValues::kKeep}) {
    TapSpec spec;
    spec.redaction.query_values = values;
    BOOST_TEST(Redacted(spec, Text::kReferer, "https://bob:s3cret@shop/a") == "https://shop/a");
    BOOST_TEST(Redacted(spec, Text::kReferer, "https://bob@shop") == "https://shop");
    BOOST_TEST(Redacted(spec, Text::kAuthority, "bob:s3cret@shop:80") == "shop:80");
    BOOST_TEST(Redacted(spec, Text::kPath, "http://a:b@c@shop/x") == "http://shop/x");
  }
}

BOOST_AUTO_TEST_CASE(an_at_sign_elsewhere_is_no_userinfo) {
  BOOST_TEST(Redacted({}, Text::kReferer, "https://shop/@bob") == "https://shop/@bob");
  BOOST_TEST(Redacted({}, Text::kUserAgent, "bot (bob@shop)") == "bot (bob@shop)");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(capture)

BOOST_AUTO_TEST_CASE(only_listed_headers_are_shown) {
  SampleEntry sample;
  const std::string list = HeaderList({{"x-a", "1"}, {"x-b", "2"}, {"x-c", "3"}});
  sample.Set(Text::kRequestHeaders, list)
      .Set(Text::kResponseHeaders, list)
      .Set(Text::kResponseTrailers, list);
  TapSpec spec;
  spec.capture.request_headers = {"x-a"};
  spec.capture.response_headers = {"x-b", "x-missing"};
  const auto redactor = RedactorOf(spec);
  const AccessEntry entry = redactor->Redact(sample.entry, unlimited);
  using Map = std::map<std::string, std::string>;
  BOOST_CHECK(Headers(entry.text(Text::kRequestHeaders)) == (Map{{"x-a", "1"}}));
  BOOST_CHECK(Headers(entry.text(Text::kResponseHeaders)) == (Map{{"x-b", "2"}}));
  BOOST_CHECK(Headers(entry.text(Text::kResponseTrailers)) == (Map{{"x-b", "2"}}));
  BOOST_TEST(RedactorOf({})->Redact(sample.entry, unlimited).text(Text::kRequestHeaders).empty());
}

BOOST_AUTO_TEST_CASE(traces_are_shown_unless_the_tap_leaves_them_out) {
  SampleEntry sample;
  sample.facts().trace = {1, 2, 3, 1};
  sample.Set(Text::kRequestHeaders, HeaderList({{"traceparent", "00-nobody-asked-for-it"}}));
  const AccessEntry entry = RedactorOf({})->Redact(sample.entry, unlimited);
  BOOST_TEST(entry.facts.trace.trace_low == 2u);
  BOOST_TEST(entry.text(Text::kRequestHeaders).empty());
  TapSpec spec;
  spec.capture.trace = false;
  BOOST_TEST(!RedactorOf(spec)->Redact(sample.entry, unlimited).facts.trace.present());
}

BOOST_AUTO_TEST_CASE(credentials_are_never_shown_even_when_listed) {
  const std::vector<std::string> names = {"authorization",       "cookie",
                                          "set-cookie",          "proxy-authorization",
                                          "x-api-key",           "x-forwarded-client-cert",
                                          "x-amz-security-token"};
  SampleEntry sample;
  std::string list;
  for (const auto& name : names) AppendHeader(&list, name, "s3cret");
  sample.Set(Text::kRequestHeaders, list)
      .Set(Text::kResponseHeaders, list)
      .Set(Text::kResponseTrailers, list);
  const auto redactor = RedactorOf(Capturing(names));
  const AccessEntry entry = redactor->Redact(sample.entry, unlimited);
  for (const Text text : {Text::kRequestHeaders, Text::kResponseHeaders, Text::kResponseTrailers}) {
    BOOST_TEST(entry.text(text).empty());
  }
  // The parser refuses the same names.
  for (const auto& name : names) {
    BOOST_TEST(tap::IsCredentialHeader(name));
  }
  BOOST_TEST(!tap::IsCredentialHeader("x-tenant"));
}

BOOST_AUTO_TEST_CASE(a_captured_url_is_redacted_as_any_other) {
  BOOST_TEST(Captured(Capturing({"x-a"}), "https://bob:pw@shop/a?b=c") ==
             "https://shop/a?b=REDACTED");
  BOOST_TEST(Captured(Capturing({"x-a"}), "/a?b=c") == "/a?b=REDACTED");
  BOOST_TEST(Captured(Capturing({"x-a"}), "is it? yes=1") == "is it? yes=1");
  TapSpec keeping = Capturing({"x-a"});
  keeping.redaction.query_values = QueryValues::kKeep;
  BOOST_TEST(Captured(keeping, "https://bob:pw@shop/a?b=c") == "https://shop/a?b=c");
}

BOOST_AUTO_TEST_CASE(a_name_that_was_sent_twice_is_shown_once) {
  SampleEntry sample;
  sample.Set(Text::kRequestHeaders, HeaderList({{"x-a", "1"}, {"x-a", "2"}}));
  const auto redactor = RedactorOf(Capturing({"x-a"}));
  const auto list = redactor->Redact(sample.entry, unlimited).text(Text::kRequestHeaders);
  int count = 0;
  ForEachHeader(list, [&](std::string_view, std::string_view) { ++count; });
  BOOST_TEST(count == 1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rules)

BOOST_AUTO_TEST_CASE(a_rule_replaces_every_match_and_may_name_groups) {
  const TapSpec spec = WithRules({{"([0-9]{4})[0-9]{8}([0-9]{4})", "\\1-…-\\2"}});
  BOOST_TEST(Redacted(spec, Text::kPath, "/card/4111222233334444/and/5111222233334444") ==
             "/card/4111-…-4444/and/5111-…-4444");
}

BOOST_AUTO_TEST_CASE(rules_apply_in_order_and_an_empty_replacement_removes) {
  const TapSpec spec = WithRules({{"a", "b"}, {"bb", ""}});
  BOOST_TEST(Redacted(spec, Text::kUserAgent, "ab-ba-x") == "--x");
}

BOOST_AUTO_TEST_CASE(rules_apply_to_captured_headers) {
  TapSpec spec = WithRules({{"s3cret", "***"}});
  spec.capture.request_headers = {"x-a"};
  BOOST_TEST(Captured(spec, "has s3cret in it") == "has *** in it");
}

BOOST_AUTO_TEST_CASE(a_uuid_stays_the_id_that_it_is_and_another_id_does_not) {
  const TapSpec spec = WithRules({{"[0-9]+", "#"}});
  const std::string uuid = "11111111-2222-4333-8444-55555555abCD";
  BOOST_TEST(Redacted(spec, Text::kRequestId, uuid) == uuid);
  BOOST_TEST(Redacted(spec, Text::kRequestId, "order-123") == "order-#");
  BOOST_TEST(Redacted(spec, Text::kRequestId, uuid + "1") != uuid + "1");
}

BOOST_AUTO_TEST_CASE(replaces_exactly_what_re2_itself_replaces) {
  for (const RedactionRule& rule : {RedactionRule{"a*", "-"},
                                    {"", "|"},
                                    {"(b)|(c)", "[\\2\\1]"},
                                    {"^a", "X"},
                                    {"\\b", "."},
                                    {"a.*b|a", "<\\0>"},
                                    {"é", "e"},
                                    {"$", "!"}}) {
    for (const std::string text : {"abcaab", "äéa é", "", "bca\xffz"}) {
      std::string expected = text;
      re2::RE2::GlobalReplace(&expected, rule.pattern, rule.replacement);
      if (text.empty()) continue;  // nothing to hide in it
      BOOST_TEST(Redacted(WithRules({rule}), Text::kUserAgent, text) == expected, rule.pattern);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_text_that_the_rules_had_no_time_for_is_withheld_with_all_after_it) {
  TapSpec spec = WithRules({{"s3cret", "***"}, {"x", "y"}});
  spec.capture.request_headers = {"x-a"};
  SampleEntry sample;
  sample.Set(Text::kPath, "/s3cret").Set(Text::kReferer, "/s3cret").Set(Text::kRouteName, "s3cret");
  sample.Set(Text::kRequestHeaders, HeaderList({{"x-a", "s3cret"}}));
  const auto redactor = RedactorOf(spec);
  for (const size_t tests : {0, 1, 2, 3, 5, 8, 12, 20, 40}) {
    CountedBudget budget(tests);
    const AccessEntry entry = redactor->Redact(sample.entry, budget);
    bool withheld = false;
    for (const auto& text : entry.texts) {
      BOOST_TEST(text.find("s3cret") == std::string_view::npos);
      withheld = withheld || text.find("[redaction over budget]") != std::string_view::npos;
    }
    BOOST_TEST(budget.refused() == withheld);
    BOOST_TEST((withheld || tests > 5));
  }
  BOOST_TEST(redactor->Redact(sample.entry, unlimited).text(Text::kPath) == "/***");
  BOOST_TEST(!unlimited.refused());
}

BOOST_AUTO_TEST_CASE(a_pattern_that_looks_at_the_rest_of_the_text_for_each_match_asks_each_time) {
  CountedBudget budget(100);
  SampleEntry sample;
  sample.Set(Text::kPath, std::string(16'000, 'a'));
  const auto redactor = RedactorOf(WithRules({{"a.*b|a", "c"}}));
  BOOST_TEST(redactor->Redact(sample.entry, budget).text(Text::kPath) == "[redaction over budget]");
}

BOOST_AUTO_TEST_CASE(a_text_that_rules_make_longer_is_cut_at_its_bound) {
  const TapSpec spec = WithRules({{"x", std::string(200, 'y')}, {"y", std::string(200, 'z')}});
  BOOST_TEST(Redacted(spec, Text::kPath, std::string(16'000, 'x')).size() ==
             AccessEntry::kTextBytesMax);
}

BOOST_AUTO_TEST_CASE(one_that_shares_anothers_rules_works_beside_it_and_outlives_it) {
  TapSpec spec = WithRules({{"s3cret", "***"}});
  spec.capture.request_headers = {"x-a"};
  auto first = RedactorOf(spec);
  const auto second = first->Share();
  SampleEntry a;
  a.Set(Text::kPath, "/s3cret/a?k=v");
  SampleEntry b;
  b.Set(Text::kPath, "/s3cret/b");
  b.Set(Text::kRequestHeaders, HeaderList({{"x-a", "s3cret"}, {"x-b", "1"}}));
  const AccessEntry of_first = first->Redact(a.entry, unlimited);
  const AccessEntry of_second = second->Redact(b.entry, unlimited);
  BOOST_TEST(of_first.text(Text::kPath) == "/***/a?k=REDACTED");
  BOOST_TEST(of_second.text(Text::kPath) == "/***/b");
  first = nullptr;
  const auto headers = Headers(second->Redact(b.entry, unlimited).text(Text::kRequestHeaders));
  BOOST_TEST(headers.size() == 1u);
  BOOST_TEST(headers.at("x-a") == "***");
}

BOOST_AUTO_TEST_CASE(agrees_with_those_that_make_the_same_of_every_entry_and_no_others) {
  TapSpec spec = WithRules({{"a", "b"}, {"c", "d"}});
  spec.cluster_scoped = true;
  spec.capture.request_headers = {"x-a", "x-b"};
  spec.capture.response_headers = {"x-c"};
  const auto redactor = RedactorOf(spec);
  BOOST_TEST(redactor->Agrees(*redactor->Share()));
  TapSpec same = spec;
  same.name = "another";
  same.ns = "shop";  // a ClusterTrafficTap shows policies of all namespaces, whatever its own
  same.capture.request_headers = {"x-b", "x-a"};
  BOOST_TEST(redactor->Agrees(*RedactorOf(same)));
  BOOST_TEST(redactor->fingerprint() == RedactorOf(same)->fingerprint());
  std::vector<TapSpec> others(10, spec);
  others[0].cluster_scoped = false;
  others[0].ns = "shop";
  others[1].redaction.query_values = QueryValues::kKeep;
  others[2].redaction.rules = {{"a", "b"}};
  others[3].redaction.rules = {{"c", "d"}, {"a", "b"}};
  others[4].redaction.rules[0].pattern = "x";
  others[5].redaction.rules[1].replacement = "x";
  others[6].capture.trace = false;
  others[7].capture.request_headers = {"x-a"};
  others[8].capture.response_headers = {"x-c", "x-d"};
  others[9].redaction.rules.clear();
  for (size_t i = 0; i < others.size(); ++i) {
    BOOST_TEST_CONTEXT(i) {
      BOOST_TEST(!redactor->Agrees(*RedactorOf(others[i])));
      BOOST_TEST(!RedactorOf(others[i])->Agrees(*redactor));
      BOOST_TEST(RedactorOf(others[i])->fingerprint() != redactor->fingerprint());
    }
  }
  TapSpec of_another_namespace = others[0];
  of_another_namespace.ns = "bank";
  BOOST_TEST(!RedactorOf(others[0])->Agrees(*RedactorOf(of_another_namespace)));
}

BOOST_AUTO_TEST_CASE(refuses_a_pattern_or_replacement_that_does_not_compile) {
  for (const RedactionRule& rule : {RedactionRule{"(", ""}, {"a", "\\1"}, {"a", "\\"}}) {
    const auto redactor = Redactor::Create(WithRules({rule}));
    BOOST_TEST(absl::IsInvalidArgument(redactor.status()));
    BOOST_TEST(Message(redactor.status()).find("redaction rule") == 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(canaries)

BOOST_AUTO_TEST_CASE(a_secret_in_any_text_of_an_entry_is_gone_from_the_record) {
  const std::string canary = "C4N4RY";
  TapSpec spec = WithRules({{canary, "***"}});
  spec.capture.request_headers = {"x-a"};
  spec.capture.response_headers = {"x-a"};
  const auto redactor = RedactorOf(spec);
  for (const auto reporter : {Reporter::kSource, Reporter::kDestination}) {
    SampleEntry sample(reporter);
    for (size_t text = 0; text < static_cast<size_t>(Text::kRequestHeaders); ++text) {
      sample.Set(static_cast<Text>(text), "a" + canary + "b");
    }
    const std::string list = HeaderList({{"x-a", canary}, {"cookie", canary}});
    sample.Set(Text::kRequestHeaders, list)
        .Set(Text::kResponseHeaders, list)
        .Set(Text::kResponseTrailers, list);
    SampleEntry safe = sample;
    safe.entry = redactor->Redact(sample.entry, unlimited);
    const bool client = reporter == Reporter::kSource;
    const SamplePair pair(client ? &safe : nullptr, client
                                                        ? std::vector<const SampleEntry*>{}
                                                        : std::vector<const SampleEntry*>{&safe});
    std::string line;
    AppendPairJson({"shop/tap"}, pair.pair, &line);
    BOOST_TEST(line.find(canary) == std::string::npos, line);
    BOOST_TEST(line.find("a***b") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(without_rules_secrets_in_queries_userinfo_and_headers_are_gone) {
  const std::string canary = "C4N4RY";
  SampleEntry sample;
  sample.Set(Text::kPath, "/a?t=" + canary + "#" + canary).Set(Text::kOriginalPath, "/b?" + canary);
  sample.Set(Text::kReferer, "https://u:" + canary + "@h/?t=" + canary)
      .Set(Text::kAuthority, canary + "@h");
  const std::string list = HeaderList({{"authorization", canary}, {"x-other", canary}});
  sample.Set(Text::kRequestHeaders, list)
      .Set(Text::kResponseHeaders, list)
      .Set(Text::kResponseTrailers, list);
  const auto redactor = RedactorOf(Capturing({"authorization", "x-a"}));
  SampleEntry safe = sample;
  safe.entry = redactor->Redact(sample.entry, unlimited);
  std::string line;
  AppendPairJson({"shop/tap"}, SamplePair(&safe, {}).pair, &line);
  BOOST_TEST(line.find(canary) == std::string::npos, line);
}

BOOST_AUTO_TEST_CASE(numbers_and_other_texts_stay_as_they_are) {
  const SampleEntry sample = FullEntry(Reporter::kSource);
  const auto redactor = RedactorOf({});
  const AccessEntry entry = redactor->Redact(sample.entry, unlimited);
  BOOST_TEST(entry.facts.start_time == sample.entry.facts.start_time);
  BOOST_TEST(entry.facts.upstream_wire_bytes_received ==
             sample.entry.facts.upstream_wire_bytes_received);
  for (size_t text = 0; text < static_cast<size_t>(Text::kRequestHeaders); ++text) {
    BOOST_TEST(entry.texts[text] == sample.entry.texts[text]);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
