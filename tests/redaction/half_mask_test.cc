// SPDX-License-Identifier: Apache-2.0
#include "redaction/half_mask.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "fakes/entry_builder.h"
#include "traffic/header_list.h"

namespace traffictap {
namespace {

using fakes::EntryBuilder;
using redaction::HalfMask;
using redaction::TapNeeds;
using tap::PathMatchKind;
using tap::QueryValues;
using tap::TapSpec;
using traffic::Text;
using HeaderKind = tap::HeaderMatch::Kind;

class NoTime final : public tap::PatternBudget {
 public:
  bool MayTest(size_t) override { return false; }
};

// A mask of these taps.
class Mask {
 public:
  explicit Mask(const std::vector<TapSpec>& specs, tap::PatternBudget* budget = nullptr) {
    std::vector<const TapNeeds*> all;
    for (const auto& spec : specs) {
      needs_.push_back(std::make_unique<TapNeeds>(spec, budget));
      all.push_back(needs_.back().get());
    }
    mask_ = std::make_unique<HalfMask>(all);
  }
  HalfMask::Masked Of(const EntryBuilder& builder) { return mask_->Mask(builder.entry()); }
  std::string Left(Text which, const std::string& text) {
    EntryBuilder builder;
    builder.Set(which, text);
    return std::string(Of(builder).entry.text(which));
  }
  std::string Path(const std::string& path) { return Left(Text::kPath, path); }
  // Of the one request header `name`; "(none)" where it is gone.
  std::string Header(const std::string& name, const std::string& value) {
    std::string list;
    traffic::AppendHeader(&list, name, value);
    const std::string left = Left(Text::kRequestHeaders, list);
    const auto found = traffic::FindHeader(left, name);
    return found.data() == nullptr ? "(none)" : std::string(found);
  }

 private:
  std::vector<std::unique_ptr<TapNeeds>> needs_;
  std::unique_ptr<HalfMask> mask_;
};

TapSpec Keeps() {
  TapSpec spec;
  spec.redaction.query_values = QueryValues::kKeep;
  return spec;
}

TapSpec Captures(const std::string& name) {
  TapSpec spec;
  spec.capture.request_headers = {name};
  return spec;
}

TapSpec MatchesPath(PathMatchKind kind, const std::string& value) {
  TapSpec spec;
  spec.match.paths.push_back({kind, value});
  return spec;
}

TapSpec MatchesHeader(HeaderKind kind, const std::string& value) {
  TapSpec spec;
  spec.match.headers.push_back({"x-tenant", kind, value});
  return spec;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(half_mask)

BOOST_AUTO_TEST_CASE(values_of_a_query_stay_only_where_a_tap_keeps_them) {
  BOOST_TEST(Mask({TapSpec()}).Path("/a?x=1") == "/a?x=REDACTED");
  BOOST_TEST(Mask({Keeps()}).Path("/a?x=1") == "/a?x=1");
  BOOST_TEST(Mask({TapSpec(), Keeps()}).Path("/a?x=1") == "/a?x=1");
  BOOST_TEST(Mask({TapSpec()}).Path("/a;jsessionid=1/b#c") == "/a;jsessionid=REDACTED/b#REDACTED");
  for (const auto which : {Text::kOriginalPath, Text::kReferer}) {
    BOOST_TEST(Mask({TapSpec()}).Left(which, "/a?x=1") == "/a?x=REDACTED");
    BOOST_TEST(Mask({Keeps()}).Left(which, "/a?x=1") == "/a?x=1");
  }
}

BOOST_AUTO_TEST_CASE(user_information_never_stays) {
  BOOST_TEST(Mask({Keeps()}).Left(Text::kReferer, "http://u:p@shop/?x=1") == "http://shop/?x=1");
  BOOST_TEST(Mask({Keeps()}).Left(Text::kAuthority, "u:p@shop") == "shop");
}

BOOST_AUTO_TEST_CASE(an_entry_that_hides_nothing_is_not_changed) {
  const auto masked = Mask({TapSpec()}).Of(EntryBuilder().Path("/a/b"));
  BOOST_TEST(!masked.changed);
  BOOST_TEST(masked.path_mark == 0u);
}

BOOST_AUTO_TEST_CASE(a_path_has_one_mark_whatever_is_left_of_it) {
  const auto mark = [](const TapSpec& spec, const char* path) {
    return Mask({spec}).Of(EntryBuilder().Path(path)).path_mark;
  };
  BOOST_TEST(mark(TapSpec(), "/a?x=1") == mark(Keeps(), "/a?x=1"));
  BOOST_TEST(mark(TapSpec(), "/a?x=1") != mark(TapSpec(), "/a?x=2"));
  // Receivers of other builds have the same.
  BOOST_TEST(mark(TapSpec(), "/a?x=1") == 0x1ecd9caau);
}

BOOST_AUTO_TEST_CASE(headers_stay_where_a_tap_captures_them_and_credentials_never) {
  BOOST_TEST(Mask({TapSpec()}).Header("x-tenant", "acme") == "(none)");
  BOOST_TEST(Mask({TapSpec(), Captures("x-tenant")}).Header("x-tenant", "acme") == "acme");
  BOOST_TEST(Mask({Captures("authorization")}).Header("authorization", "Bearer x") == "(none)");
}

BOOST_AUTO_TEST_CASE(of_a_captured_url_the_taps_that_capture_it_decide) {
  const std::string url = "http://u:p@shop/?x=1";
  BOOST_TEST(Mask({Captures("location")}).Header("location", url) == "http://shop/?x=REDACTED");
  BOOST_TEST(Mask({Captures("location"), Keeps()}).Header("location", url) ==
             "http://shop/?x=REDACTED");
  TapSpec both = Captures("location");
  both.redaction.query_values = QueryValues::kKeep;
  BOOST_TEST(Mask({Captures("location"), both}).Header("location", url) == "http://shop/?x=1");
}

BOOST_AUTO_TEST_CASE(lists_of_requests_responses_and_trailers_are_apart) {
  TapSpec spec;
  spec.capture.response_headers = {"x-a"};
  spec.match.headers.push_back({"x-b", HeaderKind::kPresent, "", true});
  std::string list;
  traffic::AppendHeader(&list, "x-a", "1");
  traffic::AppendHeader(&list, "x-b", "2");
  EntryBuilder builder;
  for (const auto which :
       {Text::kRequestHeaders, Text::kResponseHeaders, Text::kResponseTrailers}) {
    builder.Set(which, list);
  }
  Mask mask({spec});
  const auto left = mask.Of(builder).entry;
  BOOST_TEST(left.text(Text::kRequestHeaders).empty());
  BOOST_TEST(traffic::FindHeader(left.text(Text::kResponseHeaders), "x-a") == "1");
  const auto matched = traffic::FindHeader(left.text(Text::kResponseHeaders), "x-b");
  BOOST_TEST(matched.data() != nullptr);
  BOOST_TEST(matched.empty());
  BOOST_TEST(traffic::FindHeader(left.text(Text::kResponseTrailers), "x-a") == "1");
  BOOST_TEST(traffic::FindHeader(left.text(Text::kResponseTrailers), "x-b").data() == nullptr);
}

BOOST_AUTO_TEST_CASE(of_a_header_that_is_only_matched_what_the_match_needs_stays) {
  BOOST_TEST(Mask({MatchesHeader(HeaderKind::kPresent, "")}).Header("x-tenant", "acme") == "");
  Mask exact({MatchesHeader(HeaderKind::kExact, "acme")});
  BOOST_TEST(exact.Header("x-tenant", "acme") == "acme");
  BOOST_TEST(exact.Header("x-tenant", "other") == "");
  Mask prefix({MatchesHeader(HeaderKind::kPrefix, "ac")});
  BOOST_TEST(prefix.Header("x-tenant", "acme") == "ac");
  BOOST_TEST(prefix.Header("x-tenant", "other") == "");
  Mask regex({MatchesHeader(HeaderKind::kRegex, "a.*")});
  BOOST_TEST(regex.Header("x-tenant", "acme") == "acme");
  BOOST_TEST(regex.Header("x-tenant", "other") == "");
}

BOOST_AUTO_TEST_CASE(matches_that_would_answer_otherwise_keep_the_value_whole) {
  // "ac" alone would hold for the second one.
  Mask mask({MatchesHeader(HeaderKind::kPrefix, "ac"), MatchesHeader(HeaderKind::kExact, "ac")});
  BOOST_TEST(mask.Header("x-tenant", "acme") == "acme");
  BOOST_TEST(mask.Header("x-tenant", "ac") == "ac");
}

BOOST_AUTO_TEST_CASE(outputs_and_triggers_need_what_they_match_too) {
  TapSpec spec;
  spec.further_matches.push_back(MatchesHeader(HeaderKind::kExact, "acme").match);
  spec.further_matches.push_back(MatchesPath(PathMatchKind::kExact, "/a;v=1").match);
  BOOST_TEST(Mask({spec}).Header("x-tenant", "acme") == "acme");
  BOOST_TEST(Mask({spec}).Path("/a;v=1?x=1") == "/a;v=1?x=REDACTED");
}

BOOST_AUTO_TEST_CASE(path_parameters_stay_where_a_match_would_answer_otherwise) {
  BOOST_TEST(Mask({MatchesPath(PathMatchKind::kPrefix, "/a")}).Path("/a;v=1") == "/a;v=REDACTED");
  BOOST_TEST(Mask({MatchesPath(PathMatchKind::kExact, "/a;v=1")}).Path("/a;v=1") == "/a;v=1");
  BOOST_TEST(Mask({MatchesPath(PathMatchKind::kRegex, "/a;.*")}).Path("/a;v=1") == "/a;v=REDACTED");
  BOOST_TEST(Mask({MatchesPath(PathMatchKind::kRegex, "/a;v=\\d")}).Path("/a;v=1") == "/a;v=1");
}

BOOST_AUTO_TEST_CASE(without_time_for_a_pattern_the_value_is_hidden) {
  NoTime none;
  Mask mask({MatchesPath(PathMatchKind::kRegex, "/a;v=\\d")}, &none);
  const auto masked = mask.Of(EntryBuilder().Path("/a;v=1"));
  BOOST_TEST(masked.entry.text(Text::kPath) == "/a;v=REDACTED");
  BOOST_TEST(masked.tested_pattern);
}

BOOST_AUTO_TEST_CASE(patterns_are_tried_only_where_something_would_be_hidden) {
  Mask mask({MatchesPath(PathMatchKind::kRegex, "/a.*")});
  BOOST_TEST(!mask.Of(EntryBuilder().Path("/a/b?x=1")).tested_pattern);
  BOOST_TEST(mask.Of(EntryBuilder().Path("/a;v=1")).tested_pattern);
}

BOOST_AUTO_TEST_CASE(ids_of_traces_stay_where_a_tap_shows_or_matches_them) {
  EntryBuilder builder;
  builder.facts().trace.trace_low = 7;
  TapSpec without;
  without.capture.trace = false;
  TapSpec matches = without;
  matches.match.trace_ids = {"00000000000000000000000000000007"};
  BOOST_TEST(!Mask({without}).Of(builder).entry.facts.trace.present());
  BOOST_TEST(Mask({without}).Of(builder).changed);
  BOOST_TEST(Mask({without, matches}).Of(builder).entry.facts.trace.present());
  BOOST_TEST(Mask({without, TapSpec()}).Of(builder).entry.facts.trace.present());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
