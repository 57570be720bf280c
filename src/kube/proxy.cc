// SPDX-License-Identifier: Apache-2.0
#include "kube/proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <sstream>

#include "absl/strings/ascii.h"
#include "fmt/format.h"

namespace traffictap::kube {
namespace {

std::string Env(const char* name) {
  const char* value = std::getenv(name);
  if (value != nullptr && *value != 0) return value;
  value = std::getenv(absl::AsciiStrToLower(name).c_str());
  return value == nullptr ? "" : value;
}

struct HostPort {
  std::string host;
  std::string port;
};

// "[fd00::1]:6443", "api.example:6443", "fd00::1".
HostPort SplitHost(const std::string& text) {
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string::npos) return {text, ""};
    const bool port = end + 1 < text.size() && text[end + 1] == ':';
    return {text.substr(1, end - 1), port ? text.substr(end + 2) : ""};
  }
  const size_t colon = text.find(':');
  if (colon == std::string::npos || text.find(':', colon + 1) != std::string::npos) {
    return {text, ""};
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

// An address as its 16 bytes, IPv4 mapped into IPv6.
std::optional<std::array<uint8_t, 16>> Address(const std::string& text) {
  std::array<uint8_t, 16> out{};
  if (inet_pton(AF_INET6, text.c_str(), out.data()) == 1) return out;
  out[10] = out[11] = 0xff;
  if (inet_pton(AF_INET, text.c_str(), out.data() + 12) == 1) return out;
  return std::nullopt;
}

bool IsInBlock(const std::array<uint8_t, 16>& address, const std::string& block) {
  const size_t slash = block.find('/');
  const auto base = Address(block.substr(0, slash));
  if (!base) return false;
  size_t bits = 0;
  const std::string length = block.substr(slash + 1);
  const auto read = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (read.ec != std::errc() || read.ptr != length.data() + length.size()) return false;
  if (block.find(':') == std::string::npos) bits += 96;
  for (size_t i = 0; i < std::min<size_t>(bits, 128); ++i) {
    const auto mask = static_cast<uint8_t>(0x80 >> (i % 8));
    if (((address[i / 8] ^ (*base)[i / 8]) & mask) != 0) return false;
  }
  return bits <= 128;
}

bool IsLoopback(const std::string& host) {
  if (host == "localhost") return true;
  const auto address = Address(host);
  if (!address) return false;
  return IsInBlock(*address, "127.0.0.0/8") || IsInBlock(*address, "::1/128");
}

bool MatchesEntry(const HostPort& target, const std::string& entry) {
  if (entry == "*") return true;
  const auto address = Address(target.host);
  if (entry.find('/') != std::string::npos) return address && IsInBlock(*address, entry);
  const HostPort wanted = SplitHost(entry);
  if (!wanted.port.empty() && wanted.port != target.port) return false;
  if (const auto ip = Address(wanted.host)) return address && *address == *ip;
  const size_t star = wanted.host.starts_with("*.") ? 1 : 0;
  const std::string name = wanted.host.substr(star);
  if (name.starts_with('.')) return target.host.ends_with(name);
  return target.host == name || target.host.ends_with("." + name);
}

Status CheckProxy(const std::string& url) {
  const size_t scheme = url.find("://");
  const std::string kind =
      scheme == std::string::npos ? "" : absl::AsciiStrToLower(url.substr(0, scheme));
  const std::string rest = scheme == std::string::npos ? "" : url.substr(scheme + 3);
  const std::string host =
      rest.substr(rest.find('@') == std::string::npos ? 0 : rest.find('@') + 1);
  if (kind == "http" && !host.empty() && !host.starts_with('/')) return absl::OkStatus();
  if (kind == "https" || kind == "socks5" || kind == "socks5h") {
    return absl::InvalidArgumentError(fmt::format(
        "a proxy of kind {}:// is not supported: use http://host:port, through which connections "
        "to the API server stay encrypted",
        kind));
  }
  return absl::InvalidArgumentError("is not a proxy's URL: use http://host:port");
}

}  // namespace

bool IsWithoutProxy(const std::string& host, const std::string& port, const std::string& list) {
  const HostPort target{absl::AsciiStrToLower(host), port};
  std::istringstream entries(absl::AsciiStrToLower(list));
  for (std::string entry; std::getline(entries, entry, ',');) {
    std::erase(entry, ' ');
    if (!entry.empty() && MatchesEntry(target, entry)) return true;
  }
  return false;
}

StatusOr<std::string> ProxyOf(const std::string& server, const std::string& proxy_url) {
  std::string proxy = proxy_url;
  if (proxy.empty()) {
    const bool tls = server.starts_with("https://");
    const size_t begin = server.find("://") == std::string::npos ? 0 : server.find("://") + 3;
    HostPort target = SplitHost(server.substr(begin, server.find('/', begin) - begin));
    if (target.port.empty()) target.port = tls ? "443" : "80";
    proxy = Env(tls ? "HTTPS_PROXY" : "HTTP_PROXY");
    if (proxy.empty() || IsLoopback(absl::AsciiStrToLower(target.host)) ||
        IsWithoutProxy(target.host, target.port, Env("NO_PROXY"))) {
      return "";
    }
    if (proxy.find("://") == std::string::npos) proxy = "http://" + proxy;
  }
  TT_RETURN_IF_ERROR(CheckProxy(proxy));
  return proxy;
}

}  // namespace traffictap::kube
