// SPDX-License-Identifier: Apache-2.0
#include "fanin/pairer_query.h"

#include <charconv>
#include <utility>

#include "base/percent.h"
#include "base/rfc3339.h"
#include "fmt/format.h"
#include "tap/values.h"
#include "web/query.h"

namespace traffictap::fanin {
namespace {

std::optional<uint64_t> ReadLimit(const std::string& value) {
  uint64_t out = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, out);
  if (error != std::errc() || stop != end || out == 0) return std::nullopt;
  return out;
}

std::string AsTime(const std::string& since, base::Nanos wall) {
  const auto back = tap::ParseDuration(since);
  return back.ok() ? base::FormatRfc3339(wall - *back) : since;
}

}  // namespace

std::string WithParameter(std::string query, const std::string& name, const std::string& value) {
  return std::move(query) + fmt::format("{}{}={}", query.empty() ? "" : "&",
                                        base::PercentEncode(name), base::PercentEncode(value));
}

StatusOr<PairerQuery> ReadQuery(const std::string& query, const std::string& follow,
                                base::Nanos wall) {
  auto parameters = web::ParseQuery(query);
  if (!parameters.ok()) return parameters.status();
  PairerQuery out;
  std::string since;
  for (const auto& [name, value] : *parameters) {
    if (name == "after") {
      auto from = ReadPosition(value);
      if (!from.ok()) return from.status();
      out.from = *std::move(from);
      continue;
    }
    if (name == "since") {
      since = AsTime(value, wall);
      continue;
    }
    if (name == "limit") out.limit = ReadLimit(value);
    if (name == follow) out.follow = value == "true" || value == "1";
    out.text = WithParameter(std::move(out.text), name, value);
  }
  if (since.empty()) since = out.from.since;
  if (since.empty()) return out;
  if (base::ParseRfc3339(since)) out.from.since = since;
  out.text = WithParameter(std::move(out.text), "since", since);
  return out;
}

}  // namespace traffictap::fanin
