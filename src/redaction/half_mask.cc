// SPDX-License-Identifier: Apache-2.0

// Matches are tried again in the pairer, on what is left, and must have the answers that they would have
// had on what came. Joining does not look at masked texts: the two sides of a request may be of different
// taps, one of which keeps what the other hides, so that the path's mark stands for it.
// Of what is masked here the pairer's redactor makes the same as of what came: what hides a value leaves
// its key and its delimiters. Only where a value took the colon of a "://" with it may a second look find
// another authority and remove more.
#include "redaction/half_mask.h"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "base/fnv1a.h"
#include "filter/text_match.h"
#include "redaction/url.h"
#include "tap/credential_headers.h"
#include "traffic/header_list.h"

namespace traffictap::redaction {
namespace {

using traffic::AccessEntry;
using traffic::Text;
using Kind = tap::HeaderMatch::Kind;

TextTest MakeTest(Kind kind, const std::string& value, tap::PatternBudget* budget) {
  TextTest out{kind, value, nullptr, budget};
  if (kind != Kind::kRegex) return out;
  // Taps in force have none that does not compile.
  if (auto pattern = tap::CompilePattern(value); pattern.ok()) out.pattern = *std::move(pattern);
  return out;
}

Kind KindOf(tap::PathMatchKind kind) {
  switch (kind) {
    case tap::PathMatchKind::kExact: return Kind::kExact;
    case tap::PathMatchKind::kPrefix: return Kind::kPrefix;
    case tap::PathMatchKind::kRegex: return Kind::kRegex;
  }
  return Kind::kRegex;
}

void Append(const std::vector<TextTest>& tests, std::vector<TextTest>* to) {
  to->insert(to->end(), tests.begin(), tests.end());
}

// 16 bits of a text. Receivers of all builds must agree.
uint32_t Print(std::string_view text) {
  uint64_t hash = base::Fnv1a(text);
  hash ^= hash >> 32;
  return static_cast<uint32_t>((hash ^ (hash >> 16)) & 0xffff);
}

uint32_t PathMark(std::string_view bare, std::string_view hidden) {
  return std::max<uint32_t>(1, Print(hidden) << 16 | Print(bare));
}

// Where nothing can be in need of a change.
bool IsPlain(std::string_view url) { return url.find_first_of("?#;%@") == std::string_view::npos; }

}  // namespace

bool TextTest::Holds(std::string_view text) const {
  switch (kind) {
    case Kind::kPresent: return true;
    case Kind::kExact: return text == value;
    case Kind::kPrefix: return text.starts_with(value);
    case Kind::kRegex: return pattern && filter::FullMatch(*pattern, text);
  }
  return false;
}

bool TextTest::HasTime(size_t bytes) const {
  return budget == nullptr || !pattern || budget->MayTest(bytes * tap::PatternCost(*pattern));
}

TapNeeds::TapNeeds(const tap::TapSpec& spec, tap::PatternBudget* budget)
    : query_values(spec.redaction.query_values == tap::QueryValues::kKeep),
      trace(spec.capture.trace) {
  for (const auto& name : spec.capture.request_headers) headers.push_back({false, name, true});
  for (const auto& name : spec.capture.response_headers) headers.push_back({true, name, true});
  AddMatch(spec.match, budget);
  for (const auto& match : spec.further_matches) AddMatch(match, budget);
}

void TapNeeds::AddMatch(const tap::MatchSpec& match, tap::PatternBudget* budget) {
  trace = trace || !match.trace_ids.empty();
  for (const auto& path : match.paths) {
    paths.push_back(MakeTest(KindOf(path.kind), path.value, budget));
  }
  for (const auto& header : match.headers) {
    headers.push_back(
        {header.response, header.name, false, {MakeTest(header.kind, header.value, budget)}});
  }
}

HalfMask::HalfMask(std::span<const TapNeeds* const> taps) {
  for (const TapNeeds* tap : taps) {
    query_values_ = query_values_ || tap->query_values;
    trace_ = trace_ || tap->trace;
    Append(tap->paths, &paths_);
    for (const auto& header : tap->headers) {
      HeaderUse& use = (header.response ? response_headers_ : request_headers_)[header.name];
      use.captured = use.captured || header.captured;
      use.query_values = use.query_values || (header.captured && tap->query_values);
      Append(header.tests, &use.tests);
      if (!header.response || !header.captured) continue;
      // Trailers are shown, but no match looks at them.
      HeaderUse& trailer = trailers_[header.name];
      trailer.captured = true;
      trailer.query_values = use.query_values;
    }
  }
}

HalfMask::Masked HalfMask::Mask(const AccessEntry& entry) {
  Masked out;
  out.entry = entry;
  tested_pattern_ = false;
  MaskPath(&out);
  MaskUrl(Text::kOriginalPath, &out);
  MaskUrl(Text::kReferer, &out);
  const auto authority = entry.text(Text::kAuthority);
  if (authority.find('@') != std::string_view::npos) {
    Replace(Text::kAuthority, RemoveUserinfo(authority), &out);
  }
  MaskHeaders(Text::kRequestHeaders, request_headers_, &out);
  MaskHeaders(Text::kResponseHeaders, response_headers_, &out);
  MaskHeaders(Text::kResponseTrailers, trailers_, &out);
  if (!trace_ && entry.facts.trace.present()) {
    out.entry.facts.trace = {};
    out.changed = true;
  }
  out.tested_pattern = tested_pattern_;
  return out;
}

// Of those that are equal nothing is to be asked. A test without time has no answer that could differ.
bool HalfMask::AnswerAlike(const std::vector<TextTest>& tests, std::string_view a,
                           std::string_view b) {
  if (a == b) return true;
  return std::all_of(tests.begin(), tests.end(), [&](const TextTest& test) {
    if (test.kind == Kind::kRegex) {
      tested_pattern_ = true;
      if (!test.HasTime(a.size() + b.size() + 2)) return true;
    }
    return test.Holds(a) == test.Holds(b);
  });
}

// `bare`: without user information. Matches look at the path without its query, so that there the query's
// values are hidden all the same.
std::string HalfMask::LeftOfPath(const std::string& bare, const std::string& hidden) {
  if (query_values_) return bare;
  const auto path = filter::PathOnly(bare);
  if (AnswerAlike(paths_, path, filter::PathOnly(hidden))) return hidden;
  return std::string(path) + RedactUrl(std::string_view(bare).substr(path.size()));
}

void HalfMask::MaskPath(Masked* out) {
  const auto path = out->entry.text(Text::kPath);
  if (IsPlain(path)) return;
  const std::string bare = RemoveUserinfo(path);
  const std::string hidden = RedactUrl(bare);
  // Also where nothing is hidden: the other side may be of other taps.
  if (hidden != bare) out->path_mark = PathMark(bare, hidden);
  Replace(Text::kPath, LeftOfPath(bare, hidden), out);
}

void HalfMask::MaskUrl(Text which, Masked* out) {
  const auto url = out->entry.text(which);
  if (IsPlain(url)) return;
  const std::string bare = RemoveUserinfo(url);
  Replace(which, query_values_ ? bare : RedactUrl(bare), out);
}

std::string HalfMask::LeftOfHeader(std::string_view value, const HeaderUse& use) {
  const std::string bare = LooksLikeUrl(value) ? RemoveUserinfo(value) : std::string(value);
  if (use.captured) {
    if (use.query_values || !LooksLikeUrl(bare)) return bare;
    std::string hidden = RedactUrl(bare);
    return AnswerAlike(use.tests, value, hidden) ? hidden : bare;
  }
  if (AnswerAlike(use.tests, value, "")) return "";
  // What a match itself names is no news to those who may read taps.
  const TextTest* longest = nullptr;
  for (const TextTest& test : use.tests) {
    const bool names = test.kind == Kind::kExact || test.kind == Kind::kPrefix;
    if (!names || !test.Holds(value)) continue;
    if (longest == nullptr || test.value.size() > longest->value.size()) longest = &test;
  }
  if (longest != nullptr && AnswerAlike(use.tests, value, longest->value)) return longest->value;
  return bare;
}

void HalfMask::MaskHeaders(Text which, const HeaderUses& uses, Masked* out) {
  const auto list = out->entry.text(which);
  if (list.empty()) return;
  std::string left;
  traffic::ForEachHeader(list, [&](std::string_view name, std::string_view value) {
    const auto use = uses.find(name);
    if (use == uses.end() || tap::IsCredentialHeader(name)) return;
    // As Redactor's: what is read is the first one, and a list that is cut would be torn.
    if (traffic::FindHeader(left, name).data() != nullptr) return;
    const std::string kept = LeftOfHeader(value, use->second);
    if (left.size() + name.size() + kept.size() + 4 > AccessEntry::kTextBytesMax) return;
    traffic::AppendHeader(&left, name, kept);
  });
  Replace(which, std::move(left), out);
}

void HalfMask::Replace(Text which, std::string text, Masked* out) {
  if (text == out->entry.text(which)) return;
  std::string& kept = scratch_[static_cast<size_t>(which)];
  kept = std::move(text);
  out->entry.text(which) = kept;
  out->changed = true;
}

}  // namespace traffictap::redaction
