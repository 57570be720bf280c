#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/status.h"

namespace traffictap::web {

struct HttpResponse {
  int code = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct HttpServerOptions {
  std::string address = "127.0.0.1:9090";  // host:port; port 0: any
  base::Nanos request_timeout = 5 * base::kSecond;
  size_t request_bytes_max = 16 * 1024;
  int connections_max = 64;  // beyond it new ones are closed at once
};

// The process' own HTTP endpoints: GET and HEAD of fixed paths. One thread of its own runs the
// handlers.
class HttpServer {
 public:
  using Handler = std::function<HttpResponse()>;

  // Listens at once. kUnavailable: the address is taken; kInvalidArgument: it cannot be read.
  // Handlers must not throw and outlive the server.
  static StatusOr<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options,
                                                     std::map<std::string, Handler> handlers);
  // Closes all connections.
  ~HttpServer();

  // The port in use.
  int port() const;

 private:
  HttpServer();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace traffictap::web
