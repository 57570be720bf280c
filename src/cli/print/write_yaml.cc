// SPDX-License-Identifier: Apache-2.0
#include "cli/print/write_yaml.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/ascii.h"
#include "cli/print/visible_text.h"
#include "nlohmann/json.hpp"

namespace traffictap::cli::print {
namespace {

using Json = nlohmann::ordered_json;

// Words that some reader of YAML takes for a truth value, null or a number.
bool IsReserved(const std::string& text) {
  const std::string lower = absl::AsciiStrToLower(text);
  static constexpr const char* kWords[] = {"true", "false", "yes", "no", "on",
                                           "off",  "null",  "y",   "n",  "nan"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](const char* word) { return lower == word; });
}

// Letters first, then letters, digits and what has no meaning in YAML between them.
bool IsPlain(const std::string& text) {
  if (text.empty() || IsReserved(text)) return false;
  const auto letter = [](unsigned char c) { return c < 0x80 && std::isalpha(c) != 0; };
  return (letter(static_cast<unsigned char>(text[0])) || text[0] == '/') &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return c < 0x80 &&
                  (std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '/');
         });
}

// JSON's quoted strings are YAML's double-quoted ones.
std::string Quoted(const std::string& text) {
  return VisibleYaml(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string Text(const std::string& text) { return IsPlain(text) ? text : Quoted(text); }

std::string Scalar(const Json& json) {
  if (json.is_string()) return Text(json.get<std::string>());
  return json.dump();  // numbers, truth values, null, {} and []
}

bool IsBlock(const Json& json) { return json.is_structured() && !json.empty(); }

void Append(const Json& json, size_t indent, bool after_dash, std::string* out);

void AppendValue(const Json& value, size_t indent, std::string* out) {
  if (!IsBlock(value)) {
    *out += ' ' + Scalar(value) + '\n';
    return;
  }
  *out += '\n';
  // A list may begin in its key's own column.
  Append(value, value.is_array() ? indent : indent + 2, false, out);
}

// `after_dash`: the first line goes on after "- ".
void Append(const Json& json, size_t indent, bool after_dash, std::string* out) {
  for (auto item = json.begin(); item != json.end(); ++item) {
    if (!after_dash) out->append(indent, ' ');
    after_dash = false;
    if (json.is_object()) {
      *out += Text(item.key()) + ':';
      AppendValue(*item, indent, out);
    } else if (item->is_object() && !item->empty()) {
      *out += "- ";
      Append(*item, indent + 2, true, out);
    } else {
      *out += '-';
      AppendValue(*item, indent + 2, out);
    }
  }
}

}  // namespace

void AppendYaml(const Json& json, std::string* out) {
  if (IsBlock(json)) {
    Append(json, 0, false, out);
  } else {
    *out += Scalar(json) + '\n';
  }
}

}  // namespace traffictap::cli::print
