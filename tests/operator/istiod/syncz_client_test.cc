// SPDX-License-Identifier: Apache-2.0
#include "operator/istiod/syncz_client.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <thread>

#include "fmt/format.h"

namespace traffictap {

using istiod::FetchSyncz;
using istiod::SynczOptions;

namespace {

// Answers one connection with fixed bytes (or, where there are none, with silence) and keeps what
// was asked.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer) : answer_(std::move(answer)) {
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    BOOST_REQUIRE(bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    BOOST_REQUIRE(listen(fd_, 8) == 0);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~OneAnswer() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    close(fd_);
  }
  std::string address() const { return fmt::format("127.0.0.1:{}", port_); }
  const std::string& request() const { return request_; }

 private:
  void Serve() {
    const int peer = accept(fd_, nullptr, nullptr);
    if (peer < 0) return;
    char buffer[4096];
    while (request_.find("\r\n\r\n") == std::string::npos) {
      const ssize_t count = read(peer, buffer, sizeof(buffer));
      if (count <= 0) break;
      request_.append(buffer, static_cast<size_t>(count));
    }
    if (!answer_.empty()) {
      (void)!write(peer, answer_.data(), answer_.size());
      shutdown(peer, SHUT_WR);
    }
    while (read(peer, buffer, sizeof(buffer)) > 0) {
    }
    close(peer);
  }

  const std::string answer_;
  std::string request_;
  int fd_ = -1;
  int port_ = 0;
  std::thread thread_;
};

std::string Http(int code, const std::string& body) {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n{}", code, body.size(), body);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(syncz_client)

BOOST_AUTO_TEST_CASE(every_istiod_is_asked_and_their_proxies_are_put_together) {
  OneAnswer one(Http(200, R"([{"proxy":"a.shop","listener_sent":"n","listener_acked":"n"}])"));
  OneAnswer two(Http(200, R"([{"proxy":"b.shop","listener_sent":"n","listener_acked":""}])"));
  const auto proxies = FetchSyncz({one.address(), two.address()}, {});
  BOOST_REQUIRE_MESSAGE(proxies.ok(), Message(proxies.status()));
  BOOST_TEST(proxies->size() == 2u);
  BOOST_TEST(proxies->at("a.shop").acknowledged);
  BOOST_TEST(proxies->at("a.shop").istiod == one.address());
  BOOST_TEST(proxies->at("b.shop").istiod == two.address());
  BOOST_TEST(one.request().rfind("GET /debug/syncz HTTP/1.1", 0) == 0u);
}

BOOST_AUTO_TEST_CASE(the_token_is_read_from_its_file_and_shown) {
  const std::string file = fmt::format("/tmp/syncz-token-{}", getpid());
  std::ofstream(file) << "secret-token\n";
  OneAnswer istiod(Http(200, "[]"));
  SynczOptions options;
  options.token_file = file;
  BOOST_TEST(FetchSyncz({istiod.address()}, options).ok());
  BOOST_TEST(istiod.request().find("Bearer secret-token\r\n") != std::string::npos);
  unlink(file.c_str());
}

BOOST_AUTO_TEST_CASE(the_version_is_asked_without_a_token_and_cut_to_its_numbers) {
  OneAnswer istiod(Http(200, "1.29.2-f1d3b3e-Clean"));
  const auto version = istiod::FetchVersion(istiod.address(), {});
  BOOST_REQUIRE(version.ok());
  BOOST_TEST(*version == "1.29.2");
  BOOST_TEST(istiod.request().rfind("GET /version ", 0) == 0u);
}

BOOST_AUTO_TEST_CASE(an_istiod_that_was_built_from_source_has_answered_too) {
  OneAnswer istiod(Http(200, "unknown-unknown-unknown"));
  const auto version = istiod::FetchVersion(istiod.address(), {});
  BOOST_REQUIRE(version.ok());
  BOOST_TEST(*version == istiod::kUnknownVersion);
}

BOOST_AUTO_TEST_CASE(a_refusal_says_what_to_do) {
  OneAnswer istiod(Http(403, "forbidden"));
  const auto proxies = FetchSyncz({istiod.address()}, {});
  BOOST_TEST((proxies.status().code() == absl::StatusCode::kPermissionDenied));
  BOOST_TEST(Message(proxies.status()).find("DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_silent_istiod_is_an_error_within_the_timeout) {
  OneAnswer silent("");
  SynczOptions options;
  options.timeout = 200 * base::kMillisecond;
  const auto proxies = FetchSyncz({silent.address()}, options);
  BOOST_TEST((proxies.status().code() == absl::StatusCode::kUnavailable));
}

BOOST_AUTO_TEST_CASE(addresses_must_be_an_ip_and_a_port_and_there_must_be_one) {
  for (const char* bad : {"istiod:15014", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", ""}) {
    BOOST_TEST((FetchSyncz({bad}, {}).status().code() == absl::StatusCode::kInvalidArgument), bad);
  }
  BOOST_TEST((FetchSyncz({}, {}).status().code() == absl::StatusCode::kUnavailable));
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_too_large_is_refused) {
  OneAnswer istiod(Http(200, "[" + std::string(10'000, ' ') + "]"));
  SynczOptions options;
  options.response_bytes_max = 1'000;
  BOOST_TEST(!FetchSyncz({istiod.address()}, options).ok());
}

BOOST_AUTO_TEST_CASE(only_what_names_no_version_is_built_from_source) {
  for (const auto& [said, read] : {std::pair{"v1.24.3-ours-Clean", "1.24.3"}, {"<html>", ""}}) {
    OneAnswer istiod(Http(200, said));
    const auto version = istiod::FetchVersion(istiod.address(), {});
    BOOST_REQUIRE(version.ok());
    BOOST_TEST(*version == read, said);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
