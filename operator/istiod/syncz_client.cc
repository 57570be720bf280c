// SPDX-License-Identifier: Apache-2.0
#include "operator/istiod/syncz_client.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>

#include "fmt/format.h"

namespace traffictap::istiod {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr const char* kSyncz = "/debug/syncz";
constexpr const char* kVersion = "/version";

std::string ReadToken(const std::string& file) {
  if (file.empty()) return "";
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  std::string token = text.str();
  token.erase(token.find_last_not_of(" \r\n\t") + 1);
  return token;
}

// One GET with a deadline for the whole of it.
class Question {
 public:
  Question(const tcp::endpoint& endpoint, const std::string& host, const std::string& path,
           const std::string& token, const SynczOptions& options)
      : endpoint_(endpoint), body_bytes_max_(options.response_bytes_max), stream_(io_) {
    request_ = {http::verb::get, path, 11};
    request_.set(http::field::host, host);
    if (!token.empty()) request_.set(http::field::authorization, "Bearer " + token);
    // Boost 1.74 does not hold a response to its body limit: Read does.
    parser_.body_limit(std::numeric_limits<uint64_t>::max());
    stream_.expires_after(std::chrono::nanoseconds(options.timeout));
  }

  // The error that ended it, or none.
  beast::error_code Ask() {
    stream_.async_connect(endpoint_, [this](beast::error_code error) {
      if (!Failed(error)) Write();
    });
    io_.run();
    return error_;
  }

  const http::response<http::string_body>& response() const { return parser_.get(); }

 private:
  bool Failed(beast::error_code error) {
    error_ = error;
    return error.failed();
  }
  void Write() {
    http::async_write(stream_, request_, [this](beast::error_code error, size_t) {
      if (!Failed(error)) Read();
    });
  }
  void Read() {
    http::async_read_some(stream_, buffer_, parser_, [this](beast::error_code error, size_t) {
      if (!error && parser_.get().body().size() > body_bytes_max_) error = http::error::body_limit;
      if (!Failed(error) && !parser_.is_done()) return Read();
      stream_.close();
    });
  }

  const tcp::endpoint endpoint_;
  const size_t body_bytes_max_;
  asio::io_context io_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::empty_body> request_;
  http::response_parser<http::string_body> parser_;
  beast::error_code error_;
};

std::optional<tcp::endpoint> ParseEndpoint(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  beast::error_code error;
  const auto ip = asio::ip::make_address(host, error);
  const int port = std::atoi(address.c_str() + colon + 1);
  if (error || port <= 0 || port > 65535) return std::nullopt;
  return tcp::endpoint(ip, static_cast<uint16_t>(port));
}

Status Refused(const std::string& asked, unsigned code) {
  const auto message = fmt::format("ask istiod {}: HTTP {}", asked, code);
  if (code != 401 && code != 403) return absl::UnavailableError(message);
  return absl::PermissionDeniedError(
      message +
      ": give the operator a token of audience istio-ca (--istiod-token), and name its namespace "
      "in istiod's DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES");
}

StatusOr<std::string> Get(const std::string& address, const std::string& path,
                          const std::string& token, const SynczOptions& options) {
  const auto endpoint = ParseEndpoint(address);
  if (!endpoint) {
    return absl::InvalidArgumentError(fmt::format("ask istiod \"{}\": must be IP:PORT", address));
  }
  try {
    Question question(*endpoint, address, path, token, options);
    if (const auto error = question.Ask()) {
      return absl::UnavailableError(
          fmt::format("ask istiod {}{}: {}", address, path, error.message()));
    }
    const auto& response = question.response();
    if (response.result_int() != 200) return Refused(address + path, response.result_int());
    return response.body();
  } catch (const std::exception& error) {
    return absl::InternalError(fmt::format("ask istiod {}{}: {}", address, path, error.what()));
  }
}

}  // namespace

StatusOr<ProxySyncs> FetchSyncz(const std::vector<std::string>& addresses,
                                const SynczOptions& options) {
  ProxySyncs out;
  const std::string token = ReadToken(options.token_file);
  for (const auto& address : addresses) {
    const auto answer = Get(address, kSyncz, token, options);
    if (!answer.ok()) return answer.status();
    TT_RETURN_IF_ERROR(ReadSyncz(*answer, &out));
  }
  if (addresses.empty()) return absl::UnavailableError("ask istiod: no istiod is known");
  return out;
}

StatusOr<std::string> FetchVersion(const std::string& address, const SynczOptions& options) {
  auto answer = Get(address, kVersion, "", options);
  if (!answer.ok()) return answer.status();
  // "1.29.2-commit-Clean": what stands before the first '-' that does not belong to it.
  return answer->substr(0, answer->find_first_not_of("0123456789."));
}

}  // namespace traffictap::istiod
