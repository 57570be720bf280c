// SPDX-License-Identifier: Apache-2.0
#include "als/connection_acceptor.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "base/descriptors.h"
#include "base/log.h"
#include "fmt/format.h"

namespace traffictap::als {
namespace {

constexpr int kPauseMs = 100;

struct HostPort {
  std::string host;
  std::string port;
};

StatusOr<HostPort> Split(const std::string& address) {
  const auto colon = address.rfind(':');
  HostPort out;
  if (colon != std::string::npos) {
    out = {address.substr(0, colon), address.substr(colon + 1)};
    const bool bracketed = out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']';
    if (bracketed) out.host = out.host.substr(1, out.host.size() - 2);
  }
  const bool digits = out.port.find_first_not_of("0123456789") == std::string::npos;
  if (out.host.empty() || out.port.empty() || !digits || out.port.size() > 5 ||
      std::stoi(out.port) > 65535) {
    return absl::InvalidArgumentError(
        fmt::format("listen on \"{}\": use HOST:PORT, for example 127.0.0.1:9001", address));
  }
  return out;
}

int PortOf(int socket) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&name), &size) != 0) return 0;
  return ntohs(name.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&name)->sin6_port
                                          : reinterpret_cast<sockaddr_in*>(&name)->sin_port);
}

void Set(int socket, int level, int option, int value) {
  setsockopt(socket, level, option, &value, sizeof value);
}

// -1 with errno.
int OpenListener(const sockaddr* address, socklen_t size, bool both_families) {
  const int out = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (out < 0) return -1;
  Set(out, SOL_SOCKET, SO_REUSEADDR, 1);
  Set(out, IPPROTO_TCP, TCP_NODELAY, 1);  // its connections inherit it
  if (address->sa_family == AF_INET6) Set(out, IPPROTO_IPV6, IPV6_V6ONLY, both_families ? 0 : 1);
  if (bind(out, address, size) == 0 && listen(out, SOMAXCONN) == 0) return out;
  const int error = errno;
  close(out);
  errno = error;
  return -1;
}

// One socket for both families; -1 with errno where there is no IPv6, or the port is taken.
int OpenWildcard(const std::string& port) {
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_addr = in6addr_any;
  any.sin6_port = htons(static_cast<uint16_t>(std::stoi(port)));
  return OpenListener(reinterpret_cast<sockaddr*>(&any), sizeof any, true);
}

// Of a port that was 0 all addresses get the one that the first got.
void SetPort(sockaddr* address, int port) {
  const auto value = htons(static_cast<uint16_t>(port));
  if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = value;
  } else {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = value;
  }
}

StatusOr<std::vector<int>> OpenAll(const std::string& address, const HostPort& at) {
  const auto failed = [&](const char* why) {
    return absl::UnavailableError(fmt::format("listen on {}: {}", address, why));
  };
  if (at.host == "0.0.0.0" || at.host == "::") {
    const int both = OpenWildcard(at.port);
    if (both >= 0) return std::vector<int>{both};
    if (errno == EADDRINUSE || errno == EACCES) return failed(std::strerror(errno));
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(at.host.c_str(), at.port.c_str(), &hints, &found); error != 0) {
    return failed(gai_strerror(error));
  }
  const absl::Cleanup free_found = [found] { freeaddrinfo(found); };
  std::vector<int> out;
  std::string why = "no address";
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    if (!out.empty()) SetPort(one->ai_addr, PortOf(out[0]));
    const int opened = OpenListener(one->ai_addr, one->ai_addrlen, false);
    // A name may have an address of a family that the machine lacks.
    if (opened >= 0) out.push_back(opened);
    if (opened < 0) why = std::strerror(errno);
  }
  return out.empty() ? StatusOr<std::vector<int>>(failed(why.c_str())) : out;
}

}  // namespace

StatusOr<std::unique_ptr<ConnectionAcceptor>> ConnectionAcceptor::Listen(
    const std::string& address, uint64_t descriptors_reserved) {
  const auto at = Split(address);
  if (!at.ok()) return at.status();
  auto opened = OpenAll(address, *at);
  if (!opened.ok()) return opened.status();
  std::unique_ptr<ConnectionAcceptor> out(new ConnectionAcceptor(descriptors_reserved));
  out->listeners_ = *std::move(opened);
  out->port_ = PortOf(out->listeners_[0]);
  out->wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (out->wake_ < 0) {
    return absl::UnavailableError(fmt::format("listen on {}: {}", address, std::strerror(errno)));
  }
  return out;
}

ConnectionAcceptor::~ConnectionAcceptor() {
  Stop();
  if (wake_ >= 0) close(wake_);
}

void ConnectionAcceptor::Start(Take take) {
  thread_ = std::jthread([this, take = std::move(take)] { Run(take); });
}

void ConnectionAcceptor::Stop() {
  if (thread_.joinable()) {
    eventfd_write(wake_, 1);
    thread_.join();
  }
  for (const int listener : listeners_) close(listener);
  listeners_.clear();
}

void ConnectionAcceptor::Run(const Take& take) {
  std::vector<pollfd> wanted = {{wake_, POLLIN, 0}};
  for (const int listener : listeners_) wanted.push_back({listener, POLLIN, 0});
  bool pause = false;
  for (;;) {
    // In a pause the waiting connections would make each poll return at once.
    const int ready = poll(wanted.data(), pause ? 1 : wanted.size(), pause ? kPauseMs : -1);
    if (ready < 0 && errno != EINTR) {
      log::For("als").error("no more connections are taken err=\"poll: {}\"", std::strerror(errno));
      return;
    }
    if (ready > 0 && (wanted[0].revents & POLLIN) != 0) return;
    const bool look_at_all = std::exchange(pause, false);
    for (size_t i = 1; i < wanted.size(); ++i) {
      const bool waits = look_at_all || (ready > 0 && wanted[i].revents != 0);
      if (waits && !AcceptFrom(wanted[i].fd, take)) pause = true;
    }
    if (pause) ++pauses_;
  }
}

bool ConnectionAcceptor::AcceptFrom(int listener, const Take& take) {
  const int connection = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (connection < 0) {
    // What else accept() reports is of the one connection that it was about (accept(2)).
    return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
  }
  const uint64_t limit = base::DescriptorLimit();
  const uint64_t reserved = std::min(descriptors_reserved_, limit / 4);
  // The kernel gives out the lowest free number: a high one says how many are taken.
  if (static_cast<uint64_t>(connection) + reserved < limit) {
    take(connection);
    return true;
  }
  close(connection);
  // A line for each would help whoever opens them to fill the log.
  if (refused_++ == 0) {
    log::For("als").warn("connections refused: too few descriptors are left limit={} reserved={}",
                         limit, reserved);
  }
  return true;
}

}  // namespace traffictap::als
