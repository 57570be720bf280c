// SPDX-License-Identifier: Apache-2.0
// Texts that a filter compares by prefix, as a whole or by a regex.
#include "base/percent.h"
#include "filter/text_match.h"
#include "fmt/format.h"
#include "observe/filter_values.h"

namespace traffictap::observe {
namespace {

constexpr std::string_view kPlainInPaths = "!\"#$%&'()*+,/:;<=>?@[\\]^`{|}";

bool HasQuery(const tap::PathMatch& path) {
  if (path.kind != tap::PathMatchKind::kRegex) return path.value.find('?') != std::string::npos;
  return path.value.find("\\?") != std::string::npos || path.value.find("[?]") != std::string::npos;
}

// As narrow as a MatchSpec can be: without their queries. A regex that has one cannot be cut, so
// then paths are compared by the reader alone.
std::vector<tap::PathMatch> WithoutQueries(const std::vector<tap::PathMatch>& paths) {
  std::vector<tap::PathMatch> out;
  for (const auto& path : paths) {
    if (!HasQuery(path)) {
      out.push_back(path);
      continue;
    }
    if (path.kind == tap::PathMatchKind::kRegex) return {};
    out.push_back({tap::PathMatchKind::kExact, path.value.substr(0, path.value.find('?'))});
  }
  return out;
}

void AddPath(tap::PathMatch path, RecordConditions* out) {
  auto& whole = out->paths_with_query;
  auto& match = out->match.paths;
  if (whole.empty() && !HasQuery(path)) return match.push_back(std::move(path));
  if (whole.empty()) whole = match;
  whole.push_back(std::move(path));
  match = WithoutQueries(whole);
}

// "TEXT" is a prefix, "=TEXT" the whole, "~REGEX" a regex over the whole.
tap::PathMatch ReadTextMatch(const std::string& value) {
  if (value[0] == '=') return {tap::PathMatchKind::kExact, value.substr(1)};
  if (value[0] == '~') return {tap::PathMatchKind::kRegex, value.substr(1)};
  return {tap::PathMatchKind::kPrefix, value};
}

// "/cart/*" as Istio writes a prefix. Elsewhere a * would match itself alone.
Status ReadStar(const std::string& value, tap::PathMatch* prefix) {
  auto& path = prefix->value;
  if (path.ends_with('*')) path.pop_back();
  if (path.find('*') == std::string::npos) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("invalid path \"{}\": a * is allowed at the end alone: use a regex such as "
                  "~/cart/[^/]*/items",
                  value));
}

}  // namespace

// "/cart" is a prefix, "=/cart" the whole path, "~/cart/\\d+" a regex over the whole path.
Status ReadPath(const std::string& value, RecordConditions* out) {
  tap::PathMatch path = ReadTextMatch(value);
  const bool regex = path.kind == tap::PathMatchKind::kRegex;
  if (path.value.empty() || (!regex && path.value[0] != '/')) {
    return absl::InvalidArgumentError(
        fmt::format("invalid path \"{}\": use a prefix such as /cart, a whole path such as "
                    "=/cart/1, or a regex such as ~/cart/[0-9]+",
                    value));
  }
  if (path.kind == tap::PathMatchKind::kPrefix) {
    TT_RETURN_IF_ERROR(ReadStar(value, &path));
  }
  if (!regex && path.value.find('#') != std::string::npos) {
    return absl::InvalidArgumentError(fmt::format(
        "invalid path \"{}\": browsers do not send what follows #, so leave it out", value));
  }
  if (regex) TT_RETURN_IF_ERROR(filter::CompilePattern(path.value).status());
  // What people read as "/café" is "/caf%C3%A9" in nearly all requests.
  const std::string coded = regex ? path.value : base::PercentEncode(path.value, kPlainInPaths);
  if (coded != path.value) AddPath({path.kind, coded}, out);
  AddPath(std::move(path), out);
  return absl::OkStatus();
}

Status ReadUserAgent(const std::string& value, RecordConditions* out) {
  tap::PathMatch agent = ReadTextMatch(value);
  if (agent.value.empty()) {
    return absl::InvalidArgumentError(fmt::format(
        "invalid user agent \"{}\": use a prefix such as curl/, a whole user agent such "
        "as =curl/8.5.0, or a regex such as ~.*Firefox/1[23].*",
        value));
  }
  if (agent.kind == tap::PathMatchKind::kRegex) {
    TT_RETURN_IF_ERROR(filter::CompilePattern(agent.value).status());
  }
  out->match.user_agents.push_back(std::move(agent));
  return absl::OkStatus();
}

}  // namespace traffictap::observe
