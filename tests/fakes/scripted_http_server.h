// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "fmt/format.h"

namespace traffictap::fakes {

struct ScriptedRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// One connection of the server below, for the script to answer on.
class ScriptedConnection {
 public:
  ScriptedConnection(int socket, const std::atomic<bool>* closing)
      : socket_(socket), closing_(closing) {}

  void Write(const std::string& bytes) {
    (void)!send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  void Answer(int code, const std::string& body, const std::string& more_headers = "") {
    Write(fmt::format(
        "HTTP/1.1 {} X\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{}", code,
        more_headers, body.size(), body));
  }

  void BeginChunked() { Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"); }
  void Chunk(const std::string& bytes) {
    Write(fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes));
  }
  void EndChunked() { Write("0\r\n\r\n"); }

  // No answer any more, and no end: until the client or the server closes.
  void Hang() {
    char byte;
    while (!*closing_) {
      pollfd wanted{socket_, POLLIN, 0};
      if (poll(&wanted, 1, 20) > 0 && recv(socket_, &byte, 1, 0) <= 0) return;
    }
  }

  // A whole request, or false where the client has gone.
  bool Read(ScriptedRequest* request) {
    size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill()) return false;
    }
    ParseHead(buffer_.substr(0, end), request);
    buffer_.erase(0, end + 4);
    const auto length = request->headers.find("content-length");
    const size_t size = length == request->headers.end() ? 0 : std::stoul(length->second);
    while (buffer_.size() < size) {
      if (!Fill()) return false;
    }
    request->body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return true;
  }

 private:
  bool Fill() {
    char piece[4096];
    while (!*closing_) {
      pollfd wanted{socket_, POLLIN, 0};
      if (poll(&wanted, 1, 20) <= 0) continue;
      const ssize_t size = recv(socket_, piece, sizeof piece, 0);
      if (size <= 0) return false;
      buffer_.append(piece, static_cast<size_t>(size));
      return true;
    }
    return false;
  }

  static void ParseHead(const std::string& head, ScriptedRequest* request) {
    *request = {};
    size_t begin = 0;
    while (begin < head.size()) {
      const size_t end = std::min(head.find("\r\n", begin), head.size());
      const std::string line = head.substr(begin, end - begin);
      begin = end + 2;
      if (request->method.empty()) {
        const size_t space = line.find(' ');
        request->method = line.substr(0, space);
        request->target = line.substr(space + 1, line.rfind(' ') - space - 1);
        continue;
      }
      const size_t colon = line.find(':');
      std::string name = line.substr(0, colon);
      for (char& c : name) c = static_cast<char>(std::tolower(c));
      const size_t value = line.find_first_not_of(' ', colon + 1);
      request->headers[name] = value == std::string::npos ? "" : line.substr(value);
    }
  }

  const int socket_;
  const std::atomic<bool>* const closing_;
  std::string buffer_;
};

// An HTTP server on a free loopback port that does what a test says, byte by byte. One thread per
// connection. A script that returns false closes the connection without more.
class ScriptedHttpServer {
 public:
  using Script =
      std::function<bool(const ScriptedRequest& request, ScriptedConnection& connection)>;

  explicit ScriptedHttpServer(Script script) : script_(std::move(script)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 64);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }

  ~ScriptedHttpServer() {
    closing_ = true;
    acceptor_.join();
    for (auto& thread : connections_) thread.join();
    close(listener_);
  }

  std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }

  // What came so far, oldest first.
  std::vector<ScriptedRequest> requests() const {
    absl::MutexLock lock(&mutex_);
    return requests_;
  }

 private:
  void Accept() {
    while (!closing_) {
      pollfd wanted{listener_, POLLIN, 0};
      if (poll(&wanted, 1, 20) <= 0) continue;
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection >= 0) connections_.emplace_back([this, connection] { Serve(connection); });
    }
  }

  void Serve(int socket) {
    ScriptedConnection connection(socket, &closing_);
    ScriptedRequest request;
    while (connection.Read(&request)) {
      {
        absl::MutexLock lock(&mutex_);
        requests_.push_back(request);
      }
      if (!script_(request, connection)) break;
    }
    close(socket);
  }

  const Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> closing_{false};
  std::thread acceptor_;
  std::vector<std::thread> connections_;  // only by the acceptor until it has ended
  mutable absl::Mutex mutex_;
  std::vector<ScriptedRequest> requests_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::fakes
