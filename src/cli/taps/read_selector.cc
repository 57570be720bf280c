// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/read_selector.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"

namespace traffictap::cli {
namespace {

// As many targets as are still read by a person.
constexpr size_t kAlternativesMax = 32;

struct Term {
  std::string key;
  std::vector<std::string> values;
};

Status Invalid(const std::string& text, const std::string& remedy) {
  return absl::InvalidArgumentError(fmt::format("\"{}\": {}", text, remedy));
}

std::string Stripped(absl::string_view text) {
  return std::string(absl::StripAsciiWhitespace(text));
}

// At the commas that stand in no parentheses.
std::vector<std::string> SplitTerms(const std::string& text) {
  std::vector<std::string> out(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  for (auto& term : out) term = Stripped(term);
  return out;
}

bool IsName(const std::string& key) {
  return !key.empty() && key.find_first_of(" \t!=(),") == std::string::npos;
}

// "version in (v1, v2)"; a key without a value where it is none of these.
Term ReadIn(const std::string& text) {
  Term out;
  const size_t open = text.find('(');
  if (open == std::string::npos || !text.ends_with(')')) return out;
  std::string head = Stripped(absl::string_view(text).substr(0, open));
  if (!head.ends_with(" in")) return out;
  out.key = Stripped(absl::string_view(head).substr(0, head.size() - 3));
  const std::string values = text.substr(open + 1, text.size() - open - 2);
  for (absl::string_view value : absl::StrSplit(values, ',')) {
    out.values.push_back(Stripped(value));
  }
  return out;
}

StatusOr<Term> ReadTerm(const std::string& text) {
  Term out = ReadIn(text);
  const size_t equals = text.find('=');
  const bool equality = out.values.empty() && equals != std::string::npos && equals > 0 &&
                        text[equals - 1] != '!' && text.find('(') == std::string::npos;
  if (equality) {
    const size_t value = text.find_first_not_of('=', equals);
    out.key = Stripped(absl::string_view(text).substr(0, equals));
    out.values = {value == std::string::npos ? ""
                                             : Stripped(absl::string_view(text).substr(value))};
  }
  if (out.values.empty() || !IsName(out.key)) {
    return Invalid(text,
                   "use KEY=VALUE or KEY in (VALUE, VALUE): a tap selects pods by labels that they "
                   "have, not by what they lack");
  }
  return out;
}

}  // namespace

StatusOr<std::vector<tap::Labels>> ReadSelector(const std::string& text) {
  std::vector<tap::Labels> out(1);
  for (const std::string& word : SplitTerms(text)) {
    const auto term = ReadTerm(word);
    if (!term.ok()) return term.status();
    std::vector<tap::Labels> next;
    for (const tap::Labels& labels : out) {
      if (labels.contains(term->key)) return Invalid(text, "names " + term->key + " twice");
      for (const std::string& value : term->values) {
        next.push_back(labels);
        next.back()[term->key] = value;
      }
    }
    if (next.size() > kAlternativesMax) {
      return Invalid(text, fmt::format("means more than {} sets of labels: name fewer values",
                                       kAlternativesMax));
    }
    out = std::move(next);
  }
  return out;
}

}  // namespace traffictap::cli
