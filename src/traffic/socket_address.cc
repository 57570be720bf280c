#include "traffic/socket_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "fmt/format.h"

namespace traffictap::traffic {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

bool SocketAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), ip.begin());
}

std::string SocketAddress::IpString() const {
  if (!present()) return {};
  char text[INET6_ADDRSTRLEN];
  if (is_v4()) {
    inet_ntop(AF_INET, ip.data() + kMappedPrefix.size(), text, sizeof(text));
  } else {
    inet_ntop(AF_INET6, ip.data(), text, sizeof(text));
  }
  return text;
}

std::string SocketAddress::ToString() const {
  if (!present()) return {};
  return is_v4() ? fmt::format("{}:{}", IpString(), port)
                 : fmt::format("[{}]:{}", IpString(), port);
}

std::optional<SocketAddress> ParseSocketAddress(std::string_view ip, uint16_t port) {
  char text[INET6_ADDRSTRLEN];
  // inet_pton would stop at a NUL and take what stands before it.
  if (ip.size() >= sizeof(text) || ip.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(text, ip.data(), ip.size());
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

}  // namespace traffictap::traffic
