// SPDX-License-Identifier: Apache-2.0
#include "redaction/url.h"

#include <strings.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace traffictap::redaction {
namespace {

constexpr std::string_view kRedacted = "REDACTED";

// `start` does not begin with a letter: hardly any place of a text needs a second look.
bool StartsWithIgnoringCase(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && text[0] == start[0] &&
         strncasecmp(text.data(), start.data(), start.size()) == 0;
}

// The length of what stands at the start of `text` and means `plain`: itself, or "%XX"; else 0.
size_t Delimiter(std::string_view text, char plain, std::string_view encoded) {
  if (text.empty()) return 0;
  if (text[0] == plain) return 1;
  return StartsWithIgnoringCase(text, encoded) ? encoded.size() : 0;
}

size_t Equals(std::string_view text) { return Delimiter(text, '=', "%3D"); }

// The first place from `from` on where `length` finds something, and how long it is.
template <typename Length>
std::pair<size_t, size_t> Find(std::string_view text, size_t from, Length length) {
  for (size_t at = from; at < text.size(); ++at) {
    if (const size_t found = length(text.substr(at)); found > 0) return {at, found};
  }
  return {text.size(), 0};
}

// A part without '=': a value whose key is unknown, or a name.
enum class Nameless { kRedact, kKeep };

// "a=1" with its value replaced.
void RedactPart(std::string_view part, Nameless nameless, std::string* out) {
  const auto [at, length] = Find(part, 0, Equals);
  if (length > 0) {
    out->append(part.substr(0, at + length)).append(kRedacted);
  } else {
    out->append(part.empty() || nameless == Nameless::kKeep ? part : kRedacted);
  }
}

// "a=1&b=2" with each value replaced.
void RedactQuery(std::string_view query, std::string* out) {
  while (true) {
    const auto end = query.find_first_of("&;");
    RedactPart(query.substr(0, end), Nameless::kRedact, out);
    if (end == std::string_view::npos) return;
    *out += query[end];
    query.remove_prefix(end + 1);
  }
}

// What begins parameters within a segment of a path, and whether a part without a key is one too.
size_t ParameterStart(std::string_view text) {
  if (const size_t length = Delimiter(text, ';', "%3B"); length > 0) return length;
  const bool encoded = StartsWithIgnoringCase(text, "%3F") || StartsWithIgnoringCase(text, "%23");
  return encoded ? 3 : 0;
}

// '&' parts parameters alone, and is a usual character before them.
size_t ParameterEnd(std::string_view text) {
  const size_t length = Delimiter(text, '&', "%26");
  return length > 0 ? length : ParameterStart(text);
}

void RedactSegment(std::string_view segment, std::string* out) {
  auto [at, length] = Find(segment, 0, ParameterStart);
  out->append(segment.substr(0, at));
  Nameless nameless = Nameless::kKeep;
  while (length > 0) {
    const auto delimiter = segment.substr(at, length);
    if (Delimiter(delimiter, ';', "%3B") > 0) nameless = Nameless::kRedact;
    const size_t begin = at + length;
    std::tie(at, length) = Find(segment, begin, ParameterEnd);
    RedactPart(segment.substr(begin, at - begin), nameless, &out->append(delimiter));
  }
}

// ASP.NET keeps a session ("S"), a login ("F") or a visitor ("A") as a segment "(A(...)S(...))".
// False where it is none, and `out` is as it was.
bool RedactCookieless(std::string_view segment, std::string* out) {
  if (!segment.starts_with('(') || !segment.ends_with("))")) return false;
  std::string hidden = "(";
  for (auto rest = segment.substr(1, segment.size() - 2); !rest.empty();) {
    const auto end = rest.find(')');
    const bool named = rest.size() > 2 && rest[0] >= 'A' && rest[0] <= 'Z' && rest[1] == '(';
    if (!named || end == std::string_view::npos) return false;
    hidden.append(rest.substr(0, 2)).append(kRedacted).append(")");
    rest.remove_prefix(end + 1);
  }
  out->append(hidden).append(")");
  return true;
}

void RedactPath(std::string_view path, std::string* out) {
  while (true) {
    const auto slash = path.find('/');
    const auto segment = path.substr(0, slash);
    if (!RedactCookieless(segment, out)) RedactSegment(segment, out);
    if (slash == std::string_view::npos) return;
    *out += '/';
    path.remove_prefix(slash + 1);
  }
}

// "://" or its encoded form.
size_t SchemeEnd(std::string_view text) {
  for (const std::string_view end : {"://", "%3A%2F%2F", "%3A//"}) {
    if (StartsWithIgnoringCase(text, end)) return end.size();
  }
  return 0;
}

size_t AuthorityEnd(std::string_view text) {
  if (text[0] == '/' || text[0] == '?' || text[0] == '#') return 1;
  return Delimiter(text, '/', "%2F");
}

}  // namespace

std::string RedactUrl(std::string_view url) {
  std::string out;
  const auto query = std::min(url.find_first_of("?#"), url.size());
  RedactPath(url.substr(0, query), &out);
  if (query == url.size()) return out;
  const auto fragment = url.find('#', query);
  if (url[query] == '?') {
    out += '?';
    const auto end = std::min(fragment, url.size());
    RedactQuery(url.substr(query + 1, end - query - 1), &out);
  }
  if (fragment != std::string_view::npos) out.append("#").append(kRedacted);
  return out;
}

std::string RemoveUserinfo(std::string_view url) {
  std::string out;
  if (url.starts_with("//")) {
    out = "//";
    url.remove_prefix(2);
  }
  while (true) {
    // An authority stands here, unless a scheme comes first.
    const auto [scheme, scheme_length] = Find(url, 0, SchemeEnd);
    const size_t end = std::min(Find(url, 0, AuthorityEnd).first, scheme);
    const auto authority = url.substr(0, end);
    const auto at =
        scheme == end && scheme_length > 0 ? std::string_view::npos : authority.rfind('@');
    if (at != std::string_view::npos) url.remove_prefix(at + 1);
    const size_t next = at == std::string_view::npos ? scheme : scheme - at - 1;
    if (scheme_length == 0) return out.append(url);
    out.append(url.substr(0, next + scheme_length));
    url.remove_prefix(next + scheme_length);
  }
}

bool LooksLikeUrl(std::string_view value) {
  return value.starts_with('/') || value.find("://") != std::string_view::npos;
}

}  // namespace traffictap::redaction
