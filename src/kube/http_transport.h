// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "kube/credentials.h"

namespace traffictap::kube {

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";        // path and query, escaped; below the path of the server's URL
  std::string authorization = "";  // empty: none
  std::string accept = "application/json";
  std::string content_type = "";  // empty: no body
  std::string body = "";
  // Further ones; a name may come more than once. Values have no control characters.
  std::vector<std::pair<std::string, std::string>> headers = {};
};

struct HttpResponse {
  int code = 0;
  std::optional<base::Nanos> retry_after;
  std::string body;
};

struct HttpTransportOptions {
  std::string server;  // http:// or https://, IPv6 hosts in brackets
  TlsSettings tls;
  std::string user_agent;
  size_t response_bytes_max = 256 << 20;
  std::string proxy_url = "";  // http://[user:password@]host:port; empty: none
};

// HTTP/1.1 to one server: calls over a few kept connections, streams each over its own.
// Thread-safe. Redirects are not followed: they would carry our token elsewhere. An error means
// that there was no whole answer:
//   kUnavailable         refused, cut, or not what we trust
//   kDeadlineExceeded    nothing came in time
//   kResourceExhausted   the answer is larger than response_bytes_max
class HttpTransport {
 public:
  struct StreamHandlers {
    std::function<void()> on_open;  // may be null
    std::function<Status(std::string_view bytes)> on_bytes;
  };

  // No network. kInvalidArgument: URL or PEM texts cannot be used.
  static StatusOr<std::unique_ptr<HttpTransport>> Make(HttpTransportOptions options);
  // Waits for calls under way to end, at most a few seconds.
  ~HttpTransport();

  StatusOr<HttpResponse> Send(const HttpRequest& request, base::Nanos timeout);

  // Calls `on_open` for a 200 and gives its body to `on_bytes` as it comes, on the calling thread;
  // returns when it ends (then without a body), when `on_bytes` fails (with its error) or when
  // `stop` is requested (kCancelled). Other codes come back as by Send. kDeadlineExceeded: nothing
  // came for `silence`.
  StatusOr<HttpResponse> Stream(const HttpRequest& request, base::Nanos silence,
                                const StreamHandlers& handlers, std::stop_token stop);

 private:
  struct State;
  explicit HttpTransport(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace traffictap::kube
