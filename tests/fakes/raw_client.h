// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <string>

namespace traffictap::fakes {

// Reads from an Asio stream until `text` came, or the end.
std::string ReadUntil(auto& stream, const std::string& text) {
  std::string out;
  char byte;
  boost::system::error_code error;
  while (out.find(text) == std::string::npos &&
         boost::asio::read(stream, boost::asio::buffer(&byte, 1), error) == 1)
    out += byte;
  return out;
}

// Reads all until the other end closes the connection.
std::string ReadAll(auto& stream) {
  std::string out;
  boost::system::error_code ignored;
  boost::asio::read(stream, boost::asio::dynamic_buffer(out), ignored);
  return out;
}

// A client of raw bytes: what a well-behaved library would never send.
class RawClient {
 public:
  explicit RawClient(int port,
                     const boost::asio::ip::address& at = boost::asio::ip::address_v4::loopback())
      : socket_(io_) {
    socket_.connect({at, static_cast<uint16_t>(port)});
  }
  void Send(const std::string& bytes) {
    boost::system::error_code ignored;
    boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
  }
  // All until the server closes the connection.
  std::string ReadAll() { return fakes::ReadAll(socket_); }
  // Until `text` came, or the end.
  std::string ReadUntil(const std::string& text) { return fakes::ReadUntil(socket_, text); }

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_;
};

// The whole answer to a GET of `target`.
inline std::string Get(int port, const std::string& target) {
  RawClient client(port);
  client.Send("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  return client.ReadAll();
}

}  // namespace traffictap::fakes
