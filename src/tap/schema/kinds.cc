// SPDX-License-Identifier: Apache-2.0
#include "tap/schema/kinds.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/time/time.h"
#include "base/rfc3339.h"
#include "fmt/format.h"
#include "tap/credential_headers.h"
#include "tap/pattern.h"
#include "tap/values.h"

namespace traffictap::tap::schema {
namespace {

constexpr size_t kRegexMax = 4096;
constexpr char kLabelPattern[] = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
constexpr char kTokenPattern[] = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";
// Headers that OTLP's protocols set themselves.
constexpr std::string_view kOtlpOwn[] = {"host",
                                         "te",
                                         "content-type",
                                         "content-length",
                                         "connection",
                                         "content-encoding",
                                         "transfer-encoding",
                                         "user-agent"};

void CheckRegex(const Value& value, std::string* text) {
  if (text->size() > kRegexMax) return value.Invalid("is longer than 4096 characters");
  const auto compiled = CompilePattern(*text);
  if (!compiled.ok()) value.Invalid(Message(compiled.status()));
}

// Lower-cases the name; false with a fault where it is none.
bool CheckHeaderName(const Value& value, std::string* text) {
  absl::AsciiStrToLower(text);
  if (IsHeaderName(*text)) return true;
  value.Invalid("must be a header name such as x-tenant");
  return false;
}

}  // namespace

Tree WithoutDefaults(Tree tree) {
  if (tree.contains("default")) {
    const Tree value = tree["default"];
    std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (value.is_array()) {
      text.clear();
      for (const Tree& item : value) {
        text += (text.empty() ? "" : ", ") + item.get<std::string>();
      }
    }
    tree["description"] = fmt::format("{} Default: {}.", tree.value("description", ""), text);
    tree.erase("default");
  }
  if (tree.contains("items")) tree["items"] = WithoutDefaults(tree["items"]);
  if (tree.contains("properties")) {
    for (Tree& property : tree["properties"]) property = WithoutDefaults(property);
  }
  return tree;
}

Tree EnumTree(const std::vector<std::string>& words) {
  return {{"type", "string"}, {"enum", words}};
}

// An empty name is a fault of its own.
void RefuseRepeats(const Value& value, const std::vector<std::string>& names, const char* what) {
  std::set<std::string> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty() || seen.insert(names[i]).second) continue;
    value.faults->Add(value.node->children[i], fmt::format("{}[{}].name", value.path, i),
                      "Conflict",
                      fmt::format("is the name of another {}: choose another name", what));
  }
}

Tree KeyedByName(Tree list) {
  list["x-kubernetes-list-type"] = "map";
  list["x-kubernetes-list-map-keys"] = {"name"};
  return list;
}

Kind<std::string> Text(TextForm form) {
  Kind<std::string> out;
  out.read = [check = form.check](const Value& value, std::string* to) {
    if (value.Text(to) && check) check(value, to);
  };
  out.write = [](const std::string& text) { return Json(text); };
  out.describe = [form](Scope) {
    Tree tree = {{"type", "string"}, {"minLength", 1}, {"maxLength", form.max}};
    std::string rule = form.pattern == nullptr ? "" : Matches(form.pattern);
    if (!form.rule.empty()) rule += (rule.empty() ? "" : " && ") + form.rule;
    if (!rule.empty()) AddRule(&tree, rule, form.message);
    return tree;
  };
  return out;
}

Kind<std::string> OneOf(std::span<const char* const> list) {
  const std::vector<std::string> words(list.begin(), list.end());
  Kind<std::string> out;
  out.read = [words](const Value& value, std::string* to) {
    const int index = value.Choice(words);
    if (index >= 0) *to = words[static_cast<size_t>(index)];
  };
  out.write = [](const std::string& text) { return Json(text); };
  out.describe = [words](Scope) { return EnumTree(words); };
  return out;
}

Kind<std::string> DnsLabel(const char* advice) {
  static const std::string pattern = fmt::format("^{}$", kLabelPattern);
  return Text({.max = 63,
               .pattern = pattern.c_str(),
               .message = advice,
               .check = [advice](const Value& value, std::string* text) {
                 if (!IsDnsLabel(*text)) value.Invalid(advice);
               }});
}

Kind<std::string> ObjectName() {
  static const std::string pattern = fmt::format("^{0}(\\.{0})*$", kLabelPattern);
  static constexpr char kAdvice[] =
      "must be the name of a Kubernetes object: lower-case letters, digits, '-', '.'";
  return Text({.max = 253,
               .pattern = pattern.c_str(),
               .message = kAdvice,
               .check = [](const Value& value, std::string* text) {
                 if (!IsObjectName(*text)) value.Invalid(kAdvice);
               }});
}

Kind<std::string> NamespaceName() {
  return DnsLabel("must be 1 to 63 lower-case letters, digits or '-', not '-' at an end");
}

Kind<std::string> Regex() {
  return Text({.max = 1024,
               .rule = "size(string(''.matches(self))) > 0",
               .message = "must be a regular expression in RE2 syntax",
               .check = CheckRegex});
}

Kind<std::string> HeaderName(const char* fault) {
  return Text(
      {.max = 256,
       .pattern = kTokenPattern,
       .rule = fmt::format("!(self.lowerAscii() in {})", CelList(kCredentialHeaders)),
       .message = "must be a header name such as x-tenant, and none that carries credentials",
       .check = [fault](const Value& value, std::string* text) {
         if (!CheckHeaderName(value, text) || !IsCredentialHeader(*text)) return;
         value.Invalid(fmt::format("{} carries credentials and {}: remove it", *text, fault));
       }});
}

Kind<std::string> OtlpHeaderName() {
  return Text(
      {.max = 256,
       .pattern = kTokenPattern,
       .rule = fmt::format("!(self.lowerAscii() in {}) && "
                           "!self.lowerAscii().startsWith('grpc-') && "
                           "!self.lowerAscii().endsWith('-bin')",
                           CelList(kOtlpOwn)),
       .message = "must be a header name such as x-tenant, and none that the protocol sets itself",
       .check = [](const Value& value, std::string* text) {
         if (!CheckHeaderName(value, text)) return;
         const bool own =
             std::find(std::begin(kOtlpOwn), std::end(kOtlpOwn), *text) != std::end(kOtlpOwn) ||
             text->starts_with("grpc-") || text->ends_with("-bin");
         if (own) value.Invalid("is a header that the protocol sets itself: remove it");
       }});
}

Kind<bool> Bool() {
  Kind<bool> out;
  out.read = [](const Value& value, bool* to) { value.Bool(to); };
  out.write = [](const bool& flag) { return Json(flag); };
  out.describe = [](Scope) { return Tree{{"type", "boolean"}}; };
  out.has_default = true;
  return out;
}

Kind<double> Ratio() {
  Kind<double> out;
  out.read = [](const Value& value, double* to) { value.Real(0, 1, to); };
  out.write = [](const double& ratio) { return Json(ratio); };
  out.describe = [](Scope) { return Tree{{"type", "number"}, {"minimum", 0}, {"maximum", 1}}; };
  out.has_default = true;
  return out;
}

Kind<base::Nanos> Duration(base::Nanos low, base::Nanos high) {
  Kind<base::Nanos> out;
  out.read = [=](const Value& value, base::Nanos* to) { value.Duration(low, high, to); };
  out.write = [](const base::Nanos& duration) { return Json(FormatDuration(duration)); };
  out.describe = [=](Scope) {
    std::string pattern = "^";
    for (const char* unit : {"h", "m", "s", "ms", "us", "ns"}) {
      pattern += fmt::format("((0|[1-9][0-9]{{0,15}}){})?", unit);
    }
    Tree tree = {{"type", "string"}, {"minLength", 2}, {"maxLength", 64}};
    const std::string from = FormatDuration(low), to = FormatDuration(high);
    AddRule(
        &tree,
        fmt::format("{} && duration(self) >= duration('{}') && duration(self) <= duration('{}')",
                    Matches(pattern + "$"), from, to),
        fmt::format("must be a duration from {} to {}, such as 100ms, 5s or 1h30m", from, to));
    return tree;
  };
  out.has_default = true;
  return out;
}

Kind<base::Nanos> Time() {
  Kind<base::Nanos> out;
  out.read = [](const Value& value, base::Nanos* to) {
    const auto time = value.node->kind == YamlNode::Kind::kScalar
                          ? base::ParseRfc3339(value.node->text)
                          : std::nullopt;
    if (!time) return value.Invalid("must be a time such as 2026-01-31T12:00:00Z");
    *to = *time;
  };
  out.write = [](const base::Nanos& time) {
    return Json(std::string(
        absl::FormatTime(absl::RFC3339_full, absl::FromUnixNanos(time), absl::UTCTimeZone())));
  };
  out.describe = [](Scope) {
    Tree tree = {{"type", "string"}, {"format", "date-time"}};
    AddRule(&tree,
            "self >= timestamp('1970-01-01T00:00:00Z') && self < timestamp('2255-03-14T16:00:00Z')",
            "must be from 1970 to 2255");
    return tree;
  };
  return out;
}

Kind<uint64_t> Bytes(uint64_t low, uint64_t high) {
  Kind<uint64_t> out;
  out.read = [=](const Value& value, uint64_t* to) { value.Bytes(low, high, to); };
  out.write = [](const uint64_t& bytes) { return Json(FormatBytes(bytes)); };
  out.describe = [=](Scope) {
    Tree tree = {{"x-kubernetes-int-or-string", true}, {"maxLength", 32}};
    const std::string from = FormatBytes(low), to = FormatBytes(high);
    AddRule(
        &tree,
        fmt::format("{} && quantity(string(self)).compareTo(quantity('{}')) >= 0 && "
                    "quantity(string(self)).compareTo(quantity('{}')) <= 0",
                    Matches("^(0|[1-9][0-9]{0,18})(k|M|G|Ki|Mi|Gi)?$", "string(self)"), from, to),
        fmt::format("must be a size from {} to {}, such as 4096, 10M or 128Mi", from, to));
    return tree;
  };
  out.has_default = true;
  return out;
}

Kind<uint64_t> Number(uint64_t low, uint64_t high) {
  Kind<uint64_t> out;
  out.read = [=](const Value& value, uint64_t* to) { value.Number(low, high, to); };
  out.write = [](const uint64_t& number) { return Json(number); };
  out.describe = [=](Scope) {
    return Tree{{"type", "integer"}, {"format", "int64"}, {"minimum", low}, {"maximum", high}};
  };
  out.has_default = true;
  return out;
}

Kind<uint32_t> SmallNumber(uint32_t low, uint32_t high) {
  const Kind<uint64_t> wide = Number(low, high);
  Kind<uint32_t> out;
  out.read = [read = wide.read](const Value& value, uint32_t* to) {
    uint64_t number = *to;
    read(value, &number);
    *to = static_cast<uint32_t>(number);
  };
  out.write = [](const uint32_t& number) { return Json(number); };
  out.describe = wide.describe;
  out.has_default = true;
  return out;
}

Kind<Labels> LabelMap() {
  Kind<Labels> out;
  out.read = ReadLabels;
  out.write = [](const Labels& labels) { return Json(labels); };
  out.describe = [](Scope) {
    Tree tree = {{"type", "object"},
                 {"maxProperties", 16},
                 {"additionalProperties", {{"type", "string"}, {"maxLength", 63}}}};
    AddRule(&tree["additionalProperties"], Matches("^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"),
            "must be a label's value: letters, digits, '-', '_' or '.'");
    AddRule(&tree,
            "self.all(key, size(key) <= 317 && "
            "key.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}"
            "[A-Za-z0-9])?$'))",
            "every key must be a label's name");
    return tree;
  };
  return out;
}

}  // namespace traffictap::tap::schema
