// SPDX-License-Identifier: Apache-2.0
#include "fanin/pairer_directory.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <utility>

#include "base/log.h"
#include "base/wait.h"
#include "fmt/format.h"
#include "tap/values.h"

namespace traffictap::fanin {
namespace {

struct HostPort {
  std::string host;
  std::string port;
};

// "NAME:PORT", "IP:PORT" or "[IPv6]:PORT"; empty where it is none.
HostPort Split(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return {};
  HostPort out{address.substr(0, colon), address.substr(colon + 1)};
  const bool bracketed = out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']';
  if (!bracketed && out.host.find(':') != std::string::npos) return {};
  if (bracketed) out.host = out.host.substr(1, out.host.size() - 2);
  return out;
}

std::string TextOf(const addrinfo& found, const std::string& port) {
  char text[INET6_ADDRSTRLEN] = {};
  if (found.ai_family == AF_INET) {
    const auto* ip = reinterpret_cast<const sockaddr_in*>(found.ai_addr);
    inet_ntop(AF_INET, &ip->sin_addr, text, sizeof(text));
    return fmt::format("{}:{}", text, port);
  }
  const auto* ip = reinterpret_cast<const sockaddr_in6*>(found.ai_addr);
  inet_ntop(AF_INET6, &ip->sin6_addr, text, sizeof(text));
  return fmt::format("[{}]:{}", text, port);
}

}  // namespace

Status CheckPairerAddress(const std::string& address) {
  const HostPort parts = Split(address);
  if (!parts.host.empty() && tap::IsPort(parts.port)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is not HOST:PORT (IPv6 addresses in brackets)", address));
}

StatusOr<std::vector<std::string>> ResolveByDns(const std::string& name) {
  const HostPort parts = Split(name);
  addrinfo wanted = {};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(parts.host.c_str(), parts.port.c_str(), &wanted, &found);
  if (error != 0) {
    return absl::UnavailableError(fmt::format("resolve {}: {}", name, gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, &freeaddrinfo);
  std::vector<std::string> out;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    if (at->ai_family == AF_INET || at->ai_family == AF_INET6) {
      out.push_back(TextOf(*at, parts.port));
    }
  }
  return out;
}

PairerDirectory::PairerDirectory(PairerDirectoryOptions options, ResolveName resolve,
                                 ConnectPairer connect, const base::Clock* clock,
                                 ExpectPairers expect)
    : options_(std::move(options)),
      resolve_(std::move(resolve)),
      connect_(std::move(connect)),
      clock_(clock),
      expect_(std::move(expect)) {
  absl::MutexLock lock(&mutex_);
  for (const auto& address : options_.addresses) Learn(address, "", true, clock_->Monotonic());
  resolved_ = !LooksUp();
}

void PairerDirectory::Start() {
  if (!LooksUp()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void PairerDirectory::Run(const std::stop_token& stop) {
  do {
    Refresh();
  } while (base::WaitOnClock(options_.resolve_interval, stop));
}

StatusOr<PairerDirectory::Found> PairerDirectory::Look() const {
  Found out;
  if (!expect_) {
    const auto resolved = resolve_(options_.name);
    if (!resolved.ok()) return resolved.status();
    for (const auto& address : *resolved) out.names[address] = "";
    return out;
  }
  const auto expected = expect_();
  if (!expected.ok()) return expected.status();
  for (const auto& [name, address] : *expected) {
    if (address.empty()) {
      out.absent.push_back(Absent(name));
    } else {
      out.names[address] = name;
    }
  }
  return out;
}

void PairerDirectory::Refresh() {
  if (!LooksUp()) return;
  const auto found = Look();
  const base::Nanos now = clock_->Monotonic();
  absl::MutexLock lock(&mutex_);
  const std::string failure = found.ok() ? "" : Message(found.status());
  if (!failure.empty() && failure != told_) {
    log::For("fanin").warn(
        "{} err=\"{}\"",
        expect_ ? "the pairers' StatefulSet cannot be read" : "the pairers' name does not resolve",
        failure);
  }
  told_ = failure;
  if (!found.ok()) return;
  resolved_ = true;
  for (const auto& [address, name] : found->names) Learn(address, name, false, now);
  Forget(now);
  if (absent_ == found->absent) return;
  absent_ = found->absent;
  ++version_;
}

void PairerDirectory::Learn(const std::string& address, const std::string& name, bool listed,
                            base::Nanos now) {
  const auto known = known_.find(address);
  if (known != known_.end()) {
    known->second.seen = now;
    if (known->second.name != name) ++version_;
    known->second.name = name;
    return;
  }
  auto client = connect_(address);
  if (!client.ok()) {
    log::For("fanin").error("a pairer cannot be asked address={} err=\"{}\"", address,
                            Message(client.status()));
    return;
  }
  known_[address] = {*std::move(client), listed, now, name};
  ++version_;
}

void PairerDirectory::Forget(base::Nanos now) {
  const base::Nanos after = expect_ ? 0 : options_.forget_after;
  version_ += std::erase_if(
      known_, [&](const auto& one) { return !one.second.listed && now - one.second.seen > after; });
}

KnownPairers PairerDirectory::known() const {
  absl::MutexLock lock(&mutex_);
  KnownPairers out;
  for (const auto& [address, one] : known_) out.pairers.push_back({address, one.client, one.name});
  out.absent = absent_;
  out.version = version_;
  return out;
}

uint64_t PairerDirectory::version() const {
  absl::MutexLock lock(&mutex_);
  return version_;
}

bool PairerDirectory::resolved() const {
  absl::MutexLock lock(&mutex_);
  return resolved_;
}

}  // namespace traffictap::fanin
