// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace traffictap::traffic {

// An IP address and port as a plain value; IPv4 is kept in IPv6's mapped form (RFC 4291 2.5.5.2),
// so that the two ways in which a proxy may write one address compare equal. Absent (port 0, all
// zero) for pipes and internal listeners.
struct SocketAddress {
  std::array<uint8_t, 16> ip{};
  uint16_t port = 0;

  static constexpr size_t kPrintedMax = 56;

  bool present() const { return *this != SocketAddress{}; }
  bool is_v4() const;
  // "10.1.2.3:80", "[fd00::1]:80", or empty where absent. Print writes the same into `to`.
  std::string ToString() const;
  std::string_view Print(std::span<char, kPrintedMax> to) const;
  // The address without its port, or empty where absent.
  std::string IpString() const;

  // The two are on one host, as far as their addresses tell.
  bool SameIp(const SocketAddress& other) const { return ip == other.ip; }
  // 127.0.0.0/8 or ::1.
  bool is_loopback() const;

  friend bool operator==(const SocketAddress&, const SocketAddress&) = default;
};

// nullopt unless `ip` is an IPv4 or IPv6 address in its usual text form.
std::optional<SocketAddress> ParseSocketAddress(std::string_view ip, uint16_t port);
// "10.1.2.3:80" or "[fd00::1]:80", as SocketAddress::ToString writes them.
std::optional<SocketAddress> ParseSocketAddress(std::string_view ip_and_port);

}  // namespace traffictap::traffic
