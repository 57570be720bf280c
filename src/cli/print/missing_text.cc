// SPDX-License-Identifier: Apache-2.0
#include "cli/print/missing_text.h"

#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace traffictap::cli::print {
namespace {

using Json = nlohmann::json;

// Anybody may have written a name: no control characters reach a terminal.
std::string TextOf(const Json& object, const char* name) {
  if (!object.is_object() || !object.contains(name) || !object[name].is_string()) return {};
  std::string out = object[name].get<std::string>();
  std::erase_if(out, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return out;
}

}  // namespace

std::string MissingText(std::string_view answer, std::string_view what) {
  const Json json = Json::parse(answer.begin(), answer.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return {};
  const Json& whole = json.contains("partial") ? json["partial"] : json;
  if (!whole.is_object() || !whole.contains("missing")) return {};
  std::string out;
  for (const Json& one : whole["missing"]) {
    out += fmt::format("{} {} ({})", out.empty() ? "" : ",", TextOf(one, "pairer"),
                       TextOf(one, "reason"));
  }
  return out.empty() ? out : fmt::format("{} are missing of the pairers{}\n", what, out);
}

}  // namespace traffictap::cli::print
