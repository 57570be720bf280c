// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <string>

#include "fakes/raw_client.h"

namespace traffictap::fakes {

// A client over TLS that trusts nothing and so everybody; shows a certificate where it has one.
class TlsClient {
 public:
  struct Identity {
    std::string certificate_file;
    std::string key_file;
  };

  explicit TlsClient(int port, const Identity& identity = {},
                     boost::asio::ssl::context::method method = boost::asio::ssl::context::tls)
      : context_(method) {
    if (!identity.certificate_file.empty()) {
      context_.use_certificate_chain_file(identity.certificate_file);
      context_.use_private_key_file(identity.key_file, boost::asio::ssl::context::pem);
    }
    stream_.emplace(io_, context_);
    stream_->lowest_layer().connect(
        {boost::asio::ip::address_v4::loopback(), static_cast<uint16_t>(port)});
    stream_->handshake(boost::asio::ssl::stream_base::client, error_);
  }

  // That of the handshake. With TLS 1.3 a server refuses a client's certificate only afterwards.
  bool connected() const { return !error_; }
  // What the server has shown, in PEM.
  std::string ServerCertificate() {
    BIO* memory = BIO_new(BIO_s_mem());
    X509* certificate = SSL_get0_peer_certificate(stream_->native_handle());
    if (certificate != nullptr) PEM_write_bio_X509(memory, certificate);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(memory, &text);
    std::string out(text, static_cast<size_t>(size));
    BIO_free(memory);
    return out;
  }
  void Send(const std::string& bytes) {
    boost::system::error_code ignored;
    boost::asio::write(*stream_, boost::asio::buffer(bytes), ignored);
  }
  // All until the server closes the connection.
  std::string ReadAll() { return fakes::ReadAll(*stream_); }
  // Until `text` came, or the end.
  std::string ReadUntil(const std::string& text) { return fakes::ReadUntil(*stream_, text); }
  // The whole answer to a GET of `target`; `headers` end with "\r\n" each.
  std::string Get(const std::string& target, const std::string& headers = "") {
    Send("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + "\r\n");
    return ReadAll();
  }

 private:
  boost::asio::io_context io_;
  boost::asio::ssl::context context_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket>> stream_;
  boost::system::error_code error_;
};

}  // namespace traffictap::fakes
