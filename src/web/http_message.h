// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace traffictap::web {

// A GET or HEAD as the handlers see it; a POST to a route that takes bodies.
struct HttpRequest {
  std::string path;                                 // as sent, without the query
  std::string query;                                // as sent, without '?'
  std::multimap<std::string, std::string> headers;  // names in lower case, in the order of arrival
  std::string peer;                                 // IP:PORT, as traffic::SocketAddress writes it
  // The common name in the client's certificate, which the server's client CA has signed; none
  // without such a certificate.
  std::optional<std::string> client_name = std::nullopt;
  std::optional<std::string> posted = std::nullopt;  // the body of a POST

  // The header's value, of several the last one, or empty.
  const std::string& header(const std::string& name) const {
    static const std::string none;
    const auto after = headers.upper_bound(name);
    if (after == headers.begin()) return none;
    const auto last = std::prev(after);
    return last->first == name ? last->second : none;
  }
};

enum class StreamEnd { kFinished, kReaderGone, kStalled, kServerStopped };

// A body that goes on for as long as the reader stays. Used by the server's one thread.
class BodySource {
 public:
  enum class Next { kWait, kNow, kEnd };

  virtual ~BodySource() = default;
  // Appends what there is now (nothing is fine). kWait: ask again after the server's poll interval;
  // kNow: at once, when this is written; kEnd: this was all.
  virtual Next Pull(std::string* out) = 0;
  // The last call: how it ended.
  virtual void Ended(StreamEnd end) = 0;
};

struct HttpResponse {
  int code = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::shared_ptr<BodySource> stream = nullptr;  // instead of `body`
};

// What answers a path: from a function that answers nothing but the path, the request, or some time
// later (`respond` once, on any thread). Handlers must not throw.
class Route {
 public:
  using Respond = std::function<void(HttpResponse)>;

  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Route>)
      Route(F handler) {  // NOLINT: a map of plain lambdas reads best
    if constexpr (std::is_invocable_v<F>) {
      handle_ = [handler](const HttpRequest&, const Respond& respond) { respond(handler()); };
    } else if constexpr (std::is_invocable_v<F, const HttpRequest&>) {
      handle_ = [handler](const HttpRequest& request, const Respond& respond) {
        respond(handler(request));
      };
    } else {
      handle_ = std::move(handler);
      answers_later_ = true;
    }
  }

  void operator()(const HttpRequest& request, const Respond& respond) const {
    handle_(request, respond);
  }
  // Whether the answer may come some time after the call.
  bool answers_later() const { return answers_later_; }
  // The same route, which takes a POST as well: its body is the request's `posted`.
  Route TakingBodies() && {
    takes_bodies_ = true;
    return std::move(*this);
  }
  bool takes_bodies() const { return takes_bodies_; }

 private:
  std::function<void(const HttpRequest&, const Respond&)> handle_;
  bool answers_later_ = false;
  bool takes_bodies_ = false;
};

}  // namespace traffictap::web
