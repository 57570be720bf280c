#include "als/spiffe_id.h"

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

// Takes one KEY=VALUE and the separator behind it; a quoted value may hold separators.
struct Pair {
  std::string_view key;
  std::string_view value;
  char separator = '\0';  // ';' within an element, ',' at its end, 0 at the header's
};

// Where an unquoted separator stands, or the end.
size_t FindSeparator(std::string_view text) {
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && quoted) {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && (text[i] == ';' || text[i] == ',')) {
      return i;
    }
  }
  return text.size();
}

Pair TakePair(std::string_view* text) {
  const size_t end = FindSeparator(*text);
  Pair out;
  std::string_view pair = text->substr(0, end);
  if (end < text->size()) out.separator = (*text)[end];
  text->remove_prefix(end < text->size() ? end + 1 : end);
  const auto equals = pair.find('=');
  out.key = pair.substr(0, equals);
  if (equals != std::string_view::npos) out.value = pair.substr(equals + 1);
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

std::optional<std::string> LastForwardedUri(std::string_view header) {
  std::string uri;
  int found = 0;
  while (!header.empty()) {
    const Pair pair = TakePair(&header);
    if (pair.key == "URI" || pair.key == "uri") {
      uri = pair.value;
      ++found;
    }
    if (pair.separator != ',') continue;
    uri.clear();
    found = 0;
  }
  return found == 1 && !uri.empty() ? std::optional(uri) : std::nullopt;
}

}  // namespace traffictap::als
