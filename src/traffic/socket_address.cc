// SPDX-License-Identifier: Apache-2.0
#include "traffic/socket_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace traffictap::traffic {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// Writes the address without its port; returns where it ends. At most INET6_ADDRSTRLEN characters.
char* PrintIp(const SocketAddress& address, char* to) {
  if (!address.is_v4()) {
    inet_ntop(AF_INET6, address.ip.data(), to, INET6_ADDRSTRLEN);
    return to + std::strlen(to);
  }
  // Records have ten addresses each, and inet_ntop goes through snprintf.
  for (size_t i = kMappedPrefix.size(); i < address.ip.size(); ++i) {
    if (i > kMappedPrefix.size()) *to++ = '.';
    to = std::to_chars(to, to + 3, address.ip[i]).ptr;
  }
  return to;
}

}  // namespace

bool SocketAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), ip.begin());
}

bool SocketAddress::is_loopback() const {
  constexpr std::array<uint8_t, 16> kLoopback6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return is_v4() ? ip[kMappedPrefix.size()] == 127 : ip == kLoopback6;
}

std::string SocketAddress::IpString() const {
  if (!present()) return {};
  char text[INET6_ADDRSTRLEN];
  return {text, PrintIp(*this, text)};
}

std::string_view SocketAddress::Print(std::span<char, kPrintedMax> to) const {
  if (!present()) return {};
  char* next = to.data();
  const bool v4 = is_v4();
  if (!v4) *next++ = '[';
  next = PrintIp(*this, next);
  if (!v4) *next++ = ']';
  *next++ = ':';
  next = std::to_chars(next, to.data() + to.size(), port).ptr;
  return {to.data(), next};
}

std::string SocketAddress::ToString() const {
  char text[kPrintedMax];
  return std::string(Print(text));
}

std::optional<SocketAddress> ParseSocketAddress(std::string_view ip, uint16_t port) {
  char text[INET6_ADDRSTRLEN];
  // inet_pton would stop at a NUL and take what stands before it.
  if (ip.size() >= sizeof(text) || ip.find('\0') != std::string_view::npos) return std::nullopt;
  ip.copy(text, ip.size());  // not memcpy: an empty view may have no bytes to point at
  text[ip.size()] = '\0';
  SocketAddress out;
  out.port = port;
  if (inet_pton(AF_INET, text, out.ip.data() + kMappedPrefix.size()) == 1) {
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), out.ip.begin());
    return out;
  }
  if (inet_pton(AF_INET6, text, out.ip.data()) == 1) return out;
  return std::nullopt;
}

std::optional<SocketAddress> ParseSocketAddress(std::string_view ip_and_port) {
  const size_t colon = ip_and_port.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  std::string_view ip = ip_and_port.substr(0, colon);
  const bool brackets = ip.front() == '[' && ip.back() == ']';
  // Without brackets the last group of an IPv6 address would be taken for a port.
  if (brackets != (ip.find(':') != std::string_view::npos)) return std::nullopt;
  if (brackets) ip = ip.substr(1, ip.size() - 2);
  uint16_t port = 0;
  const char* end = ip_and_port.data() + ip_and_port.size();
  const auto read = std::from_chars(ip_and_port.data() + colon + 1, end, port);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return ParseSocketAddress(ip, port);
}

}  // namespace traffictap::traffic
