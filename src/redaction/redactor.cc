// SPDX-License-Identifier: Apache-2.0
#include "redaction/redactor.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "redaction/url.h"
#include "tap/credential_headers.h"
#include "tap/pattern.h"
#include "traffic/denial.h"
#include "traffic/header_list.h"
#include "traffic/packed_entry.h"

namespace traffictap::redaction {
namespace {

using traffic::AccessEntry;
using traffic::Text;

constexpr std::string_view kOverBudget = "[redaction over budget]";
constexpr std::array<Text, 3> kUrls = {Text::kPath, Text::kOriginalPath, Text::kReferer};
// Where "user:password@" stands in front of a host.
constexpr std::array<Text, 4> kHosts = {Text::kPath, Text::kOriginalPath, Text::kReferer,
                                        Text::kAuthority};

template <size_t N>
bool IsOneOf(const std::array<Text, N>& list, Text which) {
  return std::find(list.begin(), list.end(), which) != list.end();
}

bool HasUserinfo(Text which, std::string_view text) {
  return IsOneOf(kHosts, which) && text.find('@') != std::string_view::npos;
}

struct Rule {
  std::shared_ptr<const re2::RE2> pattern;
  std::string replacement;

  friend bool operator==(const Rule& a, const Rule& b) {
    return a.pattern->pattern() == b.pattern->pattern() && a.replacement == b.replacement;
  }
};

// The end of the character that begins at `at`.
size_t NextCharacter(std::string_view text, size_t at) {
  ++at;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return at;
}

// As RE2::GlobalReplace, but asks before each search: a pattern that looks at the whole rest of the
// text for each short match ("a.*b|a") needs a time that grows with the square of the text. False:
// over budget.
bool ReplaceAll(const Rule& rule, tap::PatternBudget& budget, std::string* text) {
  const re2::StringPiece input(*text);
  re2::StringPiece groups[10];
  const int wanted = 1 + re2::RE2::MaxSubmatch(rule.replacement);
  std::string out;
  const size_t cost = tap::PatternCost(*rule.pattern);
  size_t at = 0;
  const char* last_end = nullptr;
  while (at <= text->size() && out.size() <= AccessEntry::kTextBytesMax) {
    if (!budget.MayTest((text->size() - at + 1) * cost)) return false;
    if (!rule.pattern->Match(input, at, text->size(), re2::RE2::UNANCHORED, groups, wanted)) break;
    const auto begin = static_cast<size_t>(groups[0].data() - text->data());
    out.append(*text, at, begin - at);
    at = begin;
    if (groups[0].empty() && groups[0].data() == last_end) {
      // No empty match right behind another one.
      const size_t next = NextCharacter(*text, at);
      if (at < text->size()) out.append(*text, at, next - at);
      at = next;
      continue;
    }
    rule.pattern->Rewrite(&out, rule.replacement, groups, wanted);
    at += groups[0].size();
    last_end = groups[0].data() + groups[0].size();
  }
  if (at < text->size()) out.append(*text, at);
  *text = std::move(out);
  return true;
}

}  // namespace

// All that a redactor goes by: what is added here is compared by Agrees too, and may be by fingerprint.
struct Redactor::Rules {
  bool redact_query = true;
  bool trace = true;
  std::string policies_of;  // the one namespace whose policies may be named; empty: all
  std::vector<Rule> rules;
  std::set<std::string, std::less<>> request_headers;
  std::set<std::string, std::less<>> response_headers;

  bool operator==(const Rules&) const = default;
};

struct Redactor::Work {
  explicit Work(std::shared_ptr<const Rules> of_tap) : rules(std::move(of_tap)) {}

  const std::shared_ptr<const Rules> rules;
  // The changed texts of the entry in hand.
  std::array<std::string, traffic::kTextCount> scratch;
  tap::PatternBudget* budget = nullptr;
  bool over_budget = false;  // in the entry in hand

  // A text that not all rules have seen is not shown at all.
  void Apply(std::string* text) {
    for (const Rule& rule : rules->rules) {
      if (over_budget || !ReplaceAll(rule, *budget, text)) {
        over_budget = true;
        *text = kOverBudget;
        return;
      }
      // After each rule: two that each make the text longer would multiply.
      if (text->size() > AccessEntry::kTextBytesMax) text->resize(AccessEntry::kTextBytesMax);
    }
  }

  std::string HeaderValue(std::string_view value) {
    std::string shown = LooksLikeUrl(value) ? RemoveUserinfo(value) : std::string(value);
    if (rules->redact_query && LooksLikeUrl(shown)) shown = RedactUrl(shown);
    Apply(&shown);
    return shown;
  }

  std::string_view Headers(std::string_view list, const std::set<std::string, std::less<>>& allowed,
                           Text which) {
    std::string& out = scratch[static_cast<size_t>(which)];
    out.clear();
    if (allowed.empty() || list.empty()) return out;
    traffic::ForEachHeader(list, [&](std::string_view name, std::string_view value) {
      if (tap::IsCredentialHeader(name) || !allowed.contains(name)) return;
      // Envoy writes each name once; a sender that does not would make two fields of one name.
      if (traffic::FindHeader(out, name).data() != nullptr) return;
      const std::string shown = HeaderValue(value);
      if (out.size() + name.size() + shown.size() + 4 > AccessEntry::kTextBytesMax) return;
      traffic::AppendHeader(&out, name, shown);
    });
    return out;
  }

  // True where nothing of the text can be in need of a change.
  bool Unchanged(Text which, std::string_view text) const {
    if (text.empty() || (which == Text::kRequestId && traffic::IsUuid(text))) return true;
    const bool query = rules->redact_query && IsOneOf(kUrls, which) &&
                       text.find_first_of("?#;%") != std::string_view::npos;
    return rules->rules.empty() && !query && !HasUserinfo(which, text);
  }

  bool Hides(std::string_view policy_namespace) const {
    return !rules->policies_of.empty() && !policy_namespace.empty() &&
           policy_namespace != rules->policies_of;
  }
  // A policy's name stands in the details of what it denied. The mesh's own policies are of its
  // root namespace, whose objects the author of a namespace's tap may not read.
  void HidePolicy(Text which, AccessEntry* entry) {
    const auto ns = traffic::PolicyNamespace(entry->text(which));
    if (!Hides(ns)) return;
    std::string& out = scratch[static_cast<size_t>(which)];
    out = traffic::WithoutPolicy(entry->text(which));
    entry->text(which) = out;
  }
  void HideTriedPolicy(AccessEntry* entry) {
    auto& policy = entry->text(Text::kDryRunPolicy);
    const auto ns = traffic::ReadPolicyId(policy).ns;
    if (Hides(ns)) policy = {};
  }

  void Redact(Text which, AccessEntry* entry) {
    const auto text = entry->text(which);
    if (Unchanged(which, text)) return;
    std::string& out = scratch[static_cast<size_t>(which)];
    out = HasUserinfo(which, text) ? RemoveUserinfo(text) : std::string(text);
    if (IsOneOf(kUrls, which) && rules->redact_query) out = RedactUrl(out);
    Apply(&out);
    entry->text(which) = out;
  }
};

Redactor::Redactor(std::shared_ptr<const Rules> rules)
    : work_(std::make_unique<Work>(std::move(rules))) {}
Redactor::~Redactor() = default;

StatusOr<std::unique_ptr<Redactor>> Redactor::Create(const tap::TapSpec& spec) {
  const auto made = std::make_shared<Rules>();
  Rules& rules = *made;
  if (!spec.cluster_scoped) rules.policies_of = spec.ns;
  rules.redact_query = spec.redaction.query_values == tap::QueryValues::kRedact;
  rules.trace = spec.capture.trace;
  rules.request_headers = {spec.capture.request_headers.begin(),
                           spec.capture.request_headers.end()};
  rules.response_headers = {spec.capture.response_headers.begin(),
                            spec.capture.response_headers.end()};
  for (const auto& rule : spec.redaction.rules) {
    const auto pattern = tap::CompilePattern(rule.pattern);
    std::string error(Message(pattern.status()));
    if (!pattern.ok() || !(*pattern)->CheckRewriteString(rule.replacement, &error)) {
      return absl::InvalidArgumentError(fmt::format("redaction rule \"{}\" to \"{}\": {}",
                                                    rule.pattern, rule.replacement, error));
    }
    rules.rules.push_back({*pattern, rule.replacement});
  }
  return std::unique_ptr<Redactor>(new Redactor(made));
}

std::unique_ptr<Redactor> Redactor::Share() const {
  return std::unique_ptr<Redactor>(new Redactor(work_->rules));
}

size_t Redactor::fingerprint() const {
  const Rules& rules = *work_->rules;
  std::string all = fmt::format("{}{}{}", rules.redact_query, rules.trace, rules.policies_of);
  const auto add = [&all](const std::string& text) { all.append(1, '\0').append(text); };
  for (const auto& rule : rules.rules) {
    add(rule.pattern->pattern());
    add(rule.replacement);
  }
  for (const auto* headers : {&rules.request_headers, &rules.response_headers}) {
    for (const auto& header : *headers) add(header);
  }
  return std::hash<std::string>()(all);
}

bool Redactor::Agrees(const Redactor& other) const { return *work_->rules == *other.work_->rules; }

AccessEntry Redactor::Redact(const AccessEntry& entry, tap::PatternBudget& budget) {
  AccessEntry out = entry;
  const Rules& rules = *work_->rules;
  work_->budget = &budget;
  work_->over_budget = false;
  for (const auto details : {Text::kResponseCodeDetails, Text::kConnectionTermination}) {
    work_->HidePolicy(details, &out);
  }
  work_->HideTriedPolicy(&out);
  if (!rules.trace) out.facts.trace = {};
  for (size_t text = 0; text < static_cast<size_t>(Text::kRequestHeaders); ++text) {
    work_->Redact(static_cast<Text>(text), &out);
  }
  out.text(Text::kRequestHeaders) = work_->Headers(entry.text(Text::kRequestHeaders),
                                                   rules.request_headers, Text::kRequestHeaders);
  out.text(Text::kResponseHeaders) = work_->Headers(entry.text(Text::kResponseHeaders),
                                                    rules.response_headers, Text::kResponseHeaders);
  out.text(Text::kResponseTrailers) = work_->Headers(
      entry.text(Text::kResponseTrailers), rules.response_headers, Text::kResponseTrailers);
  return out;
}

}  // namespace traffictap::redaction
