// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <string>

namespace traffictap::fakes {

// A client of raw bytes: what a well-behaved library would never send.
class RawClient {
 public:
  explicit RawClient(int port) : socket_(io_) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), static_cast<uint16_t>(port)});
  }
  void Send(const std::string& bytes) {
    boost::system::error_code ignored;
    boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
  }
  // All until the server closes the connection.
  std::string ReadAll() {
    std::string out;
    boost::system::error_code error;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(out), error);
    return out;
  }
  // Until `text` came.
  std::string ReadUntil(const std::string& text) {
    std::string out;
    char byte;
    boost::system::error_code error;
    while (out.find(text) == std::string::npos &&
           boost::asio::read(socket_, boost::asio::buffer(&byte, 1), error) == 1)
      out += byte;
    return out;
  }

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
