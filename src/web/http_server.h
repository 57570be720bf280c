// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "web/http_message.h"
#include "web/server_tls.h"

namespace traffictap::web {

struct HttpServerOptions {
  // IP:PORT, an IPv6 address in brackets; port 0: any. 0.0.0.0 and [::] are all addresses of the
  // machine, of both families.
  std::string address = "127.0.0.1:9090";
  base::Nanos request_timeout = 5 * base::kSecond;  // for a request to come, an answer to be taken
  // a stream whose reader takes nothing for so long is cut off
  base::Nanos stall_timeout = 30 * base::kSecond;
  base::Nanos poll_interval = 100 * base::kMillisecond;  // of streams
  size_t request_bytes_max = 16 * 1024;
  // Beyond it the connection goes that its peer has left waiting for longest, so that idle ones keep
  // nobody out.
  int connections_max = 64;
  // Of these, kept for requests that are answered at once, such as probes: streams and answers that
  // come later get 503 beyond the rest. At most half of all.
  int connections_reserved = 8;
  std::shared_ptr<const ServerTls> tls = nullptr;  // null: plain HTTP
};

// The process' own HTTP endpoints: GET and HEAD, with bodies at once or as streams (chunked). A
// route's path is the whole path, or with a '/' at its end all that begin with it; the longest one
// answers. One thread of its own runs the handlers.
class HttpServer {
 public:
  using Handler = Route;

  // Listens at once. kUnavailable: the address is taken, or no thread can be started;
  // kInvalidArgument: the address cannot be read. Handlers must not throw and outlive the server.
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

// Whether `address` ("IP:PORT") is one that only this machine can reach.
bool IsLoopback(const std::string& address);

}  // namespace traffictap::web
