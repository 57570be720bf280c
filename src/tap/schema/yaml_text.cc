// SPDX-License-Identifier: Apache-2.0
#include "tap/schema/yaml_text.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "fmt/format.h"

namespace traffictap::tap::schema {
namespace {

// A word that YAML reads as a boolean or as nothing, in any case.
bool IsKeyword(const std::string& text) {
  const std::string lower = absl::AsciiStrToLower(text);
  for (const char* word : {"true", "false", "yes", "no", "on", "off", "y", "n", "null", "~"}) {
    if (lower == word) return true;
  }
  return false;
}

// Plain text may begin with none of YAML's signs, nor as a number does, and may hold neither ": "
// nor " #".
bool IsPlain(const std::string& text) {
  if (text.empty() || IsKeyword(text) || text.front() == ' ' || text.back() == ' ') return false;
  constexpr std::string_view kSigns = "!&*-?|>@`\"'%{}[],#:=+0123456789";
  if (kSigns.find(text.front()) != std::string_view::npos) return false;
  if (text.find(": ") != std::string::npos || text.find(" #") != std::string::npos) return false;
  return text.back() != ':';
}

std::string Quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

std::string Scalar(const Tree& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return IsPlain(text) ? text : Quoted(text);
  }
  if (value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>()) {
    return fmt::format("{}", value.get<int64_t>());
  }
  return value.dump();
}

void Append(const Tree& value, const std::string& indent, std::string* out);

void AppendList(const Tree& list, const std::string& indent, std::string* out) {
  for (const Tree& item : list) {
    const size_t begin = out->size();
    if (!item.is_structured() || item.empty()) {
      *out += indent + "- ";
      Append(item, indent, out);
      continue;
    }
    Append(item, indent + "  ", out);
    (*out)[begin + indent.size()] = '-';
  }
}

void AppendMap(const Tree& map, const std::string& indent, std::string* out) {
  for (const auto& [key, value] : map.items()) {
    *out += fmt::format("{}{}:", indent, IsPlain(key) ? key : Quoted(key));
    const bool below = value.is_structured() && !value.empty();
    *out += below ? "\n" : " ";
    Append(value, value.is_array() ? indent : indent + "  ", out);
  }
}

void Append(const Tree& value, const std::string& indent, std::string* out) {
  if (value.is_structured() && value.empty()) {
    *out += value.is_array() ? "[]\n" : "{}\n";
  } else if (value.is_array()) {
    AppendList(value, indent, out);
  } else if (value.is_object()) {
    AppendMap(value, indent, out);
  } else {
    *out += Scalar(value) + "\n";
  }
}

}  // namespace

std::string YamlText(const Tree& tree) {
  std::string out;
  Append(tree, "", &out);
  return out;
}

}  // namespace traffictap::tap::schema
