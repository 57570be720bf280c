// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cctype>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "kube/object.h"
#include "yaml-cpp/yaml.h"

// YAML as people read and write golden files, to and from JSON.
namespace traffictap::golden {

using kube::Json;

inline Json ScalarOf(const YAML::Node& node) {
  const std::string text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text == "true" || text == "false") return text == "true";
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
  if (digits) return node.as<uint64_t>();
  const bool real = text.find_first_not_of("0123456789.") == std::string::npos &&
                    text.find('.') == text.rfind('.') && std::isdigit(text[0]) != 0;
  if (real) return node.as<double>();
  return text;
}

inline Json FromYaml(const YAML::Node& node) {
  if (node.IsScalar()) return ScalarOf(node);
  Json out = node.IsSequence() ? Json::array() : node.IsMap() ? Json::object() : Json();
  if (node.IsSequence()) {
    for (const auto& element : node) out.push_back(FromYaml(element));
  } else if (node.IsMap()) {
    for (const auto& field : node) out[field.first.Scalar()] = FromYaml(field.second);
  }
  return out;
}

inline std::vector<Json> DocumentsOf(const std::string& yaml) {
  std::vector<Json> out;
  for (const YAML::Node& node : YAML::LoadAll(yaml)) {
    if (node.IsMap()) out.push_back(FromYaml(node));
  }
  return out;
}

// Plain where that reads back as the same text, else quoted as JSON.
inline std::string QuotedIfNeeded(const std::string& text) {
  bool plain = !text.empty() &&
               (std::isalpha(static_cast<unsigned char>(text[0])) != 0 || text[0] == '/') &&
               text.back() != ':' && text.back() != ' ' && text.find(": ") == std::string::npos &&
               text.find(" #") == std::string::npos;
  for (const char* word : {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}) {
    plain = plain && text != word;
  }
  for (const unsigned char c : text) plain = plain && c >= 0x20 && c != 0x7f;
  return plain ? text : Json(text).dump();
}

inline void EmitYaml(const Json& value, size_t depth, bool in_list, std::string* out) {
  const std::string indent(depth * 2, ' ');
  if (value.empty() || !value.is_structured()) {
    const std::string text =
        value.is_string() ? QuotedIfNeeded(value.get<std::string>()) : value.dump();
    *out += " " + text + "\n";
    return;
  }
  bool first = true;
  if (!in_list) *out += "\n";
  for (const auto& [key, element] : value.items()) {
    const bool on_dash = in_list && first;
    *out += on_dash ? " " : indent;
    *out += value.is_array() ? "-" : QuotedIfNeeded(key) + ":";
    const bool list_in_map = value.is_object() && element.is_array() && !element.empty();
    EmitYaml(element, list_in_map ? depth : depth + 1, value.is_array(), out);
    first = false;
  }
}

inline std::string ToYaml(const Json& value) {
  std::string out = "---";
  EmitYaml(value, 0, false, &out);
  return out;
}

}  // namespace traffictap::golden
