// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/oauth_token.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "absl/strings/escaping.h"
#include "base/rfc3339.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace traffictap::kafkaclient {
namespace {

using Json = nlohmann::json;

constexpr double kSecondsMax = 8e9;  // what Nanos can hold

bool IsTokenCharacter(unsigned char c) {
  return std::isalnum(c) != 0 || std::string_view("-._~+/=").find(c) != std::string_view::npos;
}

// The claims of a JWT; null where `value` is none.
Json ClaimsOf(const std::string& value) {
  const size_t first = value.find('.');
  const size_t second = first == std::string::npos ? first : value.find('.', first + 1);
  if (second == std::string::npos) return nullptr;
  std::string claims;
  if (!absl::WebSafeBase64Unescape(value.substr(first + 1, second - first - 1), &claims)) {
    return nullptr;
  }
  Json json = Json::parse(claims, nullptr, false);
  return json.is_object() ? json : Json();
}

}  // namespace

StatusOr<OauthToken> ReadToken(const std::string& value, base::Nanos now) {
  if (value.empty() || !std::all_of(value.begin(), value.end(), IsTokenCharacter)) {
    return absl::FailedPreconditionError(
        "it must be the token alone, in one line, without \"Bearer\" before it");
  }
  OauthToken out{value, "", now + kUnknownLife};
  const Json claims = ClaimsOf(value);
  if (const auto sub = claims.find("sub"); sub != claims.end() && sub->is_string()) {
    out.principal = sub->get<std::string>();
  }
  const auto exp = claims.find("exp");
  if (exp == claims.end() || !exp->is_number()) return out;
  const double seconds = std::clamp(exp->get<double>(), 0.0, kSecondsMax);
  out.expires = static_cast<base::Nanos>(seconds) * base::kSecond;
  if (out.expires > now) return out;
  return absl::UnauthenticatedError(
      fmt::format("it expired at {}: renew it", base::FormatRfc3339(out.expires)));
}

}  // namespace traffictap::kafkaclient
