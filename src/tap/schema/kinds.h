// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <span>
#include <string>
#include <vector>

#include "tap/enum_names.h"
#include "tap/schema/kind.h"

// The kinds of single values. Bounds are inclusive.
namespace traffictap::tap::schema {

// Text that is not empty. The API server is given one rule, so that it answers with `message` and
// never with a regular expression.
struct TextForm {
  size_t max = 253;               // characters; the API server's, which needs a bound
  const char* pattern = nullptr;  // RE2
  std::string rule = {};          // in CEL; holds beside the pattern
  const char* message = nullptr;
  // Reports what is wrong with the text; may change it.
  std::function<void(const Value&, std::string*)> check = nullptr;
};
Kind<std::string> Text(TextForm form);
// One of a list of words that are kept as they are.
Kind<std::string> OneOf(std::span<const char* const> words);
Kind<std::string> DnsLabel(const char* advice);
Kind<std::string> ObjectName();
Kind<std::string> NamespaceName();
// RE2.
Kind<std::string> Regex();
// The lower-cased name of a header. `fault` says what becomes of one that carries credentials.
Kind<std::string> HeaderName(const char* fault);
// A header that a request may be given: none that OTLP's protocols set themselves.
Kind<std::string> OtlpHeaderName();

Kind<bool> Bool();
Kind<double> Ratio();  // 0 to 1
Kind<base::Nanos> Duration(base::Nanos low, base::Nanos high);
Kind<base::Nanos> Time();  // RFC 3339, held as time since the Unix epoch
Kind<uint64_t> Bytes(uint64_t low, uint64_t high);
Kind<uint64_t> Number(uint64_t low, uint64_t high);
Kind<uint32_t> SmallNumber(uint32_t low, uint32_t high);
Kind<Labels> LabelMap();

// ['a', 'b'] in CEL.
template <typename List>
std::string CelList(const List& words) {
  std::string out;
  for (const auto& word : words) {
    out += (out.empty() ? "'" : ", '") + std::string(word) + "'";
  }
  return "[" + out + "]";
}

Tree EnumTree(const std::vector<std::string>& words);

// An enum by its words.
template <typename E>
Kind<E> Choice(std::vector<EnumName<E>> rows) {
  std::vector<std::string> words;
  for (const auto& row : rows) words.emplace_back(row.name);
  Kind<E> out;
  out.read = [rows, words](const Value& value, E* to) {
    const int index = value.Choice(words);
    if (index >= 0) *to = rows[static_cast<size_t>(index)].value;
  };
  out.write = [rows](const E& value) {
    for (const auto& row : rows) {
      if (row.value == value) return Json(row.name);
    }
    return Json();
  };
  out.describe = [words](Scope) { return EnumTree(words); };
  out.has_default = true;
  return out;
}

// All words of the enum.
template <typename E>
Kind<E> Choice() {
  const auto names = EnumNames(E());
  return Choice(std::vector<EnumName<E>>(names.begin(), names.end()));
}

// A list of words, each of which sets a member of S.
template <typename S>
struct Flag {
  const char* word;
  bool S::*member;
};
struct FlagsForm {
  const char* if_empty = nullptr;  // as ListForm has it
  bool once = false;               // no word twice
};

template <typename S>
Kind<S> Flags(std::vector<Flag<S>> flags, FlagsForm form = {}) {
  std::vector<std::string> words;
  for (const auto& flag : flags) words.emplace_back(flag.word);
  Kind<S> out;
  out.read = [flags, words, form](const Value& value, S* to) {
    for (const auto& flag : flags) to->*flag.member = false;
    value.Each(flags.size(), [&](const Value& element) {
      const int index = element.Choice(words);
      if (index < 0) return;
      bool& chosen = to->*flags[static_cast<size_t>(index)].member;
      if (chosen && form.once) element.Invalid("is listed twice: keep one");
      chosen = true;
    });
    if (form.if_empty != nullptr && value.node->children.empty()) value.Invalid(form.if_empty);
  };
  out.write = [flags](const S& from) {
    Json json = Json::array();
    for (const auto& flag : flags) {
      if (from.*flag.member) json.push_back(flag.word);
    }
    return json;
  };
  out.describe = [words, form](Scope) {
    Tree tree = {{"type", "array"}};
    if (form.if_empty != nullptr) tree["minItems"] = 1;
    tree["maxItems"] = words.size();
    if (form.once) tree["x-kubernetes-list-type"] = "set";
    tree["items"] = EnumTree(words);
    return tree;
  };
  out.has_default = form.if_empty != nullptr;
  return out;
}

}  // namespace traffictap::tap::schema
