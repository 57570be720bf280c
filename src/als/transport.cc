// SPDX-License-Identifier: Apache-2.0
#include "als/transport.h"

#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "als/tls_context.h"

namespace traffictap::als {
namespace {

long Outcome(ssize_t result) {
  if (result > 0) return result;
  const bool again = result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  return again ? Transport::kWait : Transport::kClosed;
}

int Bounded(size_t size) { return static_cast<int>(std::min<size_t>(size, INT_MAX)); }

bool IsLoopback(const in_addr& address) { return ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET; }

}  // namespace

Transport::Transport(int socket, ssl_st* tls) : socket_(socket), tls_(tls) {}

Transport::~Transport() {
  SSL_free(tls_);
  close(socket_);
}

long Transport::Read(char* buffer, size_t size) {
  if (tls_ == nullptr) return Outcome(recv(socket_, buffer, size, 0));
  ERR_clear_error();
  const int result = SSL_read(tls_, buffer, Bounded(size));
  read_wants_write_ = false;
  if (result > 0) return result;
  const int error = SSL_get_error(tls_, result);
  read_wants_write_ = error == SSL_ERROR_WANT_WRITE;
  return read_wants_write_ || error == SSL_ERROR_WANT_READ ? kWait : kClosed;
}

long Transport::Write(std::string_view bytes) {
  if (tls_ == nullptr) return Outcome(send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  ERR_clear_error();
  const int result = SSL_write(tls_, bytes.data(), Bounded(bytes.size()));
  if (result > 0) return result;
  const int error = SSL_get_error(tls_, result);
  return error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ ? kWait : kClosed;
}

bool Transport::ready() const { return tls_ == nullptr || SSL_is_init_finished(tls_) != 0; }

// SSL_pending would not tell of records that were read from the socket and not looked at yet.
bool Transport::has_more() const { return tls_ != nullptr && SSL_has_pending(tls_) != 0; }

void Transport::EndWriting() {
  if (tls_ != nullptr && ready()) {
    ERR_clear_error();
    SSL_shutdown(tls_);
  }
  shutdown(socket_, SHUT_WR);
}

bool Transport::from_loopback() const {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (getpeername(socket_, reinterpret_cast<sockaddr*>(&name), &size) != 0) return false;
  if (name.ss_family == AF_INET) {
    return IsLoopback(reinterpret_cast<const sockaddr_in*>(&name)->sin_addr);
  }
  if (name.ss_family != AF_INET6) return false;
  const in6_addr& address = reinterpret_cast<const sockaddr_in6*>(&name)->sin6_addr;
  // A socket for both families has IPv4 peers as ::ffff:127.0.0.6.
  if (!IN6_IS_ADDR_V4MAPPED(&address)) return IN6_IS_ADDR_LOOPBACK(&address);
  return address.s6_addr[12] == IN_LOOPBACKNET;
}

std::vector<std::string> Transport::certificate_uris() const {
  return tls_ == nullptr ? std::vector<std::string>() : VerifiedUris(tls_);
}

}  // namespace traffictap::als
