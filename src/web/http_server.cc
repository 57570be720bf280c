// SPDX-License-Identifier: Apache-2.0
#include "web/http_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <chrono>
#include <system_error>
#include <thread>

#include "base/log.h"
#include "fmt/format.h"
#include "web/http_session.h"

namespace traffictap::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Tcp = asio::ip::tcp;

constexpr auto kAcceptPause = std::chrono::milliseconds(100);

StatusOr<Tcp::endpoint> ParseAddress(const std::string& address) {
  const auto colon = address.rfind(':');
  const auto invalid = absl::InvalidArgumentError(
      fmt::format("listen on \"{}\": use IP:PORT, for example 127.0.0.1:9090", address));
  if (colon == std::string::npos) return invalid;
  uint16_t port = 0;
  const char* end = address.data() + address.size();
  const auto parsed = std::from_chars(address.data() + colon + 1, end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end) return invalid;
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  beast::error_code error;
  const auto ip = asio::ip::make_address(host, error);
  if (error) return invalid;
  return Tcp::endpoint(ip, port);
}

beast::error_code Open(const Tcp::endpoint& at, bool both_families, Tcp::acceptor* acceptor) {
  beast::error_code error;
  acceptor->open(at.protocol(), error);
  if (!error && at.protocol() == Tcp::v6()) {
    acceptor->set_option(asio::ip::v6_only(!both_families), error);
  }
  if (!error) acceptor->set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor->bind(at, error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (!error) acceptor->non_blocking(true, error);
  return error;
}

// A pod may have addresses of either family alone, and the chart has one address for all: one
// socket takes both where the machine knows IPv6.
beast::error_code Listen(const Tcp::endpoint& at, Tcp::acceptor* acceptor) {
  if (!at.address().is_unspecified()) return Open(at, false, acceptor);
  const auto error = Open(Tcp::endpoint(Tcp::v6(), at.port()), true, acceptor);
  const bool no_ipv6 = error == asio::error::address_family_not_supported;
  return no_ipv6 && at.address().is_v4() ? Open(at, false, acceptor) : error;
}

}  // namespace

struct HttpServer::State {
  SessionContext context;  // outlives the sessions, which the io_context owns
  asio::io_context io{1};
  Tcp::acceptor acceptor{io};
  asio::steady_timer pause{io};
  std::jthread thread;

  // Waits for a connection before it takes one: out of descriptors, accept fails also where nobody
  // has come, and a connection that was just taken would go for nothing.
  void Accept() {
    acceptor.async_wait(Tcp::acceptor::wait_read, [this](beast::error_code error) {
      if (error != asio::error::operation_aborted) Take();
    });
  }

  void Take() {
    Tcp::socket socket(io);
    beast::error_code error;
    acceptor.accept(socket, error);
    if (error && error != asio::error::would_block) return Recover(error);
    const bool full = context.connections >= context.options.connections_max;
    if (!error && (!full || context.CloseLongestWaiting())) {
      HttpSession::Serve(std::move(socket), &context);
    }
    Accept();
  }

  // The connection that could not be taken still waits, and would make the next attempt fail at
  // once. What gives a descriptor back is tried first, so that a probe is answered.
  void Recover(beast::error_code error) {
    const bool exhausted = error == asio::error::no_descriptors;
    if (exhausted && (context.spare.Release() || context.CloseLongestWaiting())) return Accept();
    pause.expires_after(kAcceptPause);
    pause.async_wait([this](beast::error_code ended) {
      if (!ended) Accept();
    });
  }

  void Run() {
    while (true) {
      try {
        io.run();
        return;
      } catch (const std::exception& e) {
        log::For("web").error("request failed err={}", e.what());
      }
    }
  }
};

HttpServer::HttpServer() : state_(std::make_unique<State>()) {}

StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options,
                                                        std::map<std::string, Handler> handlers) {
  const auto endpoint = ParseAddress(options.address);
  if (!endpoint.ok()) return endpoint.status();
  std::unique_ptr<HttpServer> server(new HttpServer);
  State& state = *server->state_;
  state.context.options = options;
  state.context.routes = std::move(handlers);
  if (const auto error = Listen(*endpoint, &state.acceptor)) {
    return absl::UnavailableError(
        fmt::format("listen on {}: {}", options.address, error.message()));
  }
  state.Accept();
  try {
    state.thread = std::jthread([&state] { state.Run(); });
  } catch (const std::system_error& failure) {
    return absl::UnavailableError(
        fmt::format("listen on {}: no thread can be started: {}", options.address, failure.what()));
  }
  return server;
}

HttpServer::~HttpServer() {
  state_->io.stop();
  if (state_->thread.joinable()) state_->thread.join();
}

bool IsLoopback(const std::string& address) {
  const auto endpoint = ParseAddress(address);
  return endpoint.ok() && endpoint->address().is_loopback();
}

int HttpServer::port() const {
  beast::error_code error;
  return state_->acceptor.local_endpoint(error).port();
}

}  // namespace traffictap::web
