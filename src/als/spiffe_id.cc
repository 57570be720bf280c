// SPDX-License-Identifier: Apache-2.0
#include "als/spiffe_id.h"

#include <algorithm>

namespace traffictap::als {
namespace {

bool Skip(std::string_view prefix, std::string_view* text) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

// Takes what stands before `end`, which must be there, and `end`.
std::string_view Take(char end, std::string_view* text) {
  const auto at = text->find(end);
  if (at == std::string_view::npos) return {};
  const auto taken = text->substr(0, at);
  text->remove_prefix(at + 1);
  return taken;
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// "URI", in whatever case.
bool IsUri(std::string_view key) {
  constexpr std::string_view kUri = "uri";
  return std::equal(key.begin(), key.end(), kUri.begin(), kUri.end(),
                    [](char have, char want) { return (have | 0x20) == want; });
}

// Takes a quoted value with its quotes and returns what is between them, as it stands. Empty where
// the quote is not closed.
std::optional<std::string_view> TakeQuoted(std::string_view* text) {
  for (size_t i = 1; i < text->size(); ++i) {
    if ((*text)[i] == '\\') {
      ++i;
    } else if ((*text)[i] == '"') {
      const auto taken = text->substr(1, i - 1);
      text->remove_prefix(i + 1);
      return taken;
    }
  }
  return std::nullopt;
}

// Takes a value without quotes, up to what ends it. Empty where a quote or a second '=' is in it:
// a writer would have put it into quotes.
std::optional<std::string_view> TakeBare(std::string_view* text) {
  const auto end = std::min(text->find_first_of(";,"), text->size());
  const auto taken = text->substr(0, end);
  if (taken.find_first_of("\"=") != std::string_view::npos) return std::nullopt;
  text->remove_prefix(end);
  return taken;
}

struct Pair {
  std::string_view key;
  std::string_view value;
};

// Takes KEY=VALUE; empty where the text does not begin with one.
std::optional<Pair> TakePair(std::string_view* text) {
  const auto letters = std::find_if_not(text->begin(), text->end(), IsLetter);
  Pair out;
  out.key = text->substr(0, static_cast<size_t>(letters - text->begin()));
  text->remove_prefix(out.key.size());
  if (out.key.empty() || !Skip("=", text)) return std::nullopt;
  const auto value = text->starts_with('"') ? TakeQuoted(text) : TakeBare(text);
  if (!value) return std::nullopt;
  out.value = *value;
  return out;
}

}  // namespace

std::optional<SpiffeId> ParseSpiffeId(std::string_view uri) {
  if (!Skip("spiffe://", &uri)) return std::nullopt;
  SpiffeId id;
  id.trust_domain = Take('/', &uri);
  if (!Skip("ns/", &uri)) return std::nullopt;
  id.ns = Take('/', &uri);
  if (!Skip("sa/", &uri)) return std::nullopt;
  id.service_account = uri;
  const bool whole = !id.trust_domain.empty() && !id.ns.empty() && !uri.empty() &&
                     uri.find('/') == std::string_view::npos;
  return whole ? std::optional(id) : std::nullopt;
}

std::optional<std::string> ForwardedUri(std::string_view header) {
  std::string_view uri;
  for (;;) {
    const auto pair = TakePair(&header);
    if (!pair) return std::nullopt;
    if (IsUri(pair->key)) {
      if (!uri.empty() || pair->value.empty()) return std::nullopt;
      uri = pair->value;
    }
    if (header.empty()) break;
    // A ',' would begin another element.
    if (!Skip(";", &header)) return std::nullopt;
  }
  return uri.empty() ? std::nullopt : std::optional(std::string(uri));
}

}  // namespace traffictap::als
