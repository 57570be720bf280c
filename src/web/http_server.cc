#include "web/http_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <optional>
#include <thread>

#include "base/log.h"
#include "fmt/format.h"

namespace traffictap::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;

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
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  beast::error_code error;
  const auto ip = asio::ip::make_address(host, error);
  if (error) return invalid;
  return Tcp::endpoint(ip, port);
}

struct Routes {
  HttpServerOptions options;
  std::map<std::string, HttpServer::Handler> handlers;
  int connections = 0;  // of the one thread
};

// One connection: reads a request, answers, and again while the peer keeps it alive.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Tcp::socket socket, Routes* routes) : stream_(std::move(socket)), routes_(routes) {
    ++routes_->connections;
  }
  ~Session() { --routes_->connections; }

  void Read() {
    parser_.emplace();
    parser_->body_limit(routes_->options.request_bytes_max);
    parser_->header_limit(static_cast<uint32_t>(routes_->options.request_bytes_max));
    stream_.expires_after(std::chrono::nanoseconds(routes_->options.request_timeout));
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, size_t) {
                       if (!error) self->Answer();
                     });
  }

 private:
  HttpResponse Handle(const http::request<http::string_body>& request) const {
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      return {405, "text/plain; charset=utf-8", "only GET and HEAD\n"};
    }
    const std::string target(request.target().data(), request.target().size());
    const auto found = routes_->handlers.find(target.substr(0, target.find('?')));
    if (found == routes_->handlers.end()) return {404, "text/plain; charset=utf-8", "not found\n"};
    return found->second();
  }

  void Answer() {
    const auto& request = parser_->get();
    auto answer = Handle(request);
    response_ = http::response<http::string_body>(static_cast<http::status>(answer.code),
                                                  request.version());
    response_.set(http::field::content_type, answer.content_type);
    response_.set("X-Content-Type-Options", "nosniff");
    response_.keep_alive(request.keep_alive());
    response_.body() = std::move(answer.body);
    response_.prepare_payload();
    if (request.method() == http::verb::head) response_.body().clear();
    http::async_write(stream_, response_,
                      [self = shared_from_this()](beast::error_code error, size_t) {
                        if (!error && self->response_.keep_alive()) self->Read();
                      });
  }

  beast::tcp_stream stream_;
  Routes* const routes_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

}  // namespace

struct HttpServer::State {
  Routes routes;  // outlives the sessions, which the io_context owns
  asio::io_context io{1};
  Tcp::acceptor acceptor{io};
  std::thread thread;

  void Accept() {
    acceptor.async_accept([this](beast::error_code error, Tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error && routes.connections < routes.options.connections_max) {
        std::make_shared<Session>(std::move(socket), &routes)->Read();
      }
      Accept();
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
  state.routes.options = options;
  state.routes.handlers = std::move(handlers);
  beast::error_code error;
  state.acceptor.open(endpoint->protocol(), error);
  if (!error) state.acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) state.acceptor.bind(*endpoint, error);
  if (!error) state.acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return absl::UnavailableError(
        fmt::format("listen on {}: {}", options.address, error.message()));
  }
  state.Accept();
  state.thread = std::thread([&state] { state.Run(); });
  return server;
}

HttpServer::~HttpServer() {
  state_->io.stop();
  if (state_->thread.joinable()) state_->thread.join();
}

int HttpServer::port() const {
  beast::error_code error;
  return state_->acceptor.local_endpoint(error).port();
}

}  // namespace traffictap::web
