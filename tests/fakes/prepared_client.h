// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace traffictap::fakes {

// A client whose descriptor is there before it connects: for tests in which there are no others.
class PreparedClient {
 public:
  PreparedClient() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (socket_ < 0) throw std::runtime_error("cannot make a socket");
  }
  ~PreparedClient() { close(socket_); }
  PreparedClient(const PreparedClient&) = delete;
  PreparedClient& operator=(const PreparedClient&) = delete;

  // False where nobody listens.
  bool Connect(int port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  void Send(const std::string& bytes) const {
    [[maybe_unused]] const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  // Until `text` came, or the server has closed the connection.
  std::string ReadUntil(const std::string& text) const {
    std::string out;
    char byte;
    while (out.find(text) == std::string::npos && recv(socket_, &byte, 1, 0) == 1) out += byte;
    return out;
  }
  bool IsClosed() const { return ReadUntil("?").empty(); }

 private:
  const int socket_;
};

}  // namespace traffictap::fakes
