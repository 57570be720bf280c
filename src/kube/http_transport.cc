// SPDX-License-Identifier: Apache-2.0

// The only file that knows cpprestsdk. Its names end with this file, and so do its exceptions.
#define _TURN_OFF_PLATFORM_STRING
#include "kube/http_transport.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/deadline.h"
#include "cpprest/http_client.h"
#include "cpprest/uri_builder.h"
#include "fmt/format.h"
#include "pplx/threadpool.h"

namespace traffictap::kube {
namespace {

namespace http = web::http;
using http::client::http_client;
using http::client::http_client_config;
using Buffer = concurrency::streams::streambuf<uint8_t>;

// cpprestsdk would start 40 threads; none of ours blocks in a continuation, so few are enough.
constexpr size_t kThreads = 4;
// How long a cancelled call may take to unwind before it is left to itself.
constexpr base::Nanos kUnwind = 2 * base::kSecond;
// A stream's bytes that wait because `on_bytes` is slower than the server.
constexpr size_t kBacklogBytesMax = 64 << 20;
constexpr size_t kPieceBytes = 64 << 10;

struct TooLarge : std::runtime_error {
  TooLarge() : std::runtime_error("answer too large") {}
};

std::chrono::nanoseconds Chrono(base::Nanos nanos) { return std::chrono::nanoseconds(nanos); }

void StartThreads() {
  static const bool started = [] {
    // At the end of the process things go in the reverse order: OpenSSL has to outlive the threads
    // that use it, or cpprestsdk crashes or leaks there.
    OPENSSL_init_ssl(0, nullptr);
    crossplat::threadpool::initialize_with_threads(kThreads);
    return true;
  }();
  (void)started;
}

// The result of a task that can be waited for with a time limit, which pplx cannot. Shared with the
// task, since that may outlive the wait.
template <typename T>
class Outcome {
 public:
  static std::shared_ptr<Outcome> Of(pplx::task<T> task) {
    auto outcome = std::make_shared<Outcome>();
    task.then([outcome](pplx::task<T> done) { outcome->Take(std::move(done)); });
    return outcome;
  }

  // False after a time-out.
  bool Wait(base::Nanos timeout) {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&done_), absl::Nanoseconds(timeout));
  }

  // Once, after Wait was true. Throws what the task threw.
  T Get() {
    absl::MutexLock lock(&mutex_);
    if (error_) std::rethrow_exception(error_);
    return std::move(*value_);
  }

 private:
  void Take(pplx::task<T> task) {
    std::optional<T> value;
    std::exception_ptr error;
    try {
      value = task.get();
    } catch (...) {
      error = std::current_exception();
    }
    absl::MutexLock lock(&mutex_);
    value_ = std::move(value);
    error_ = error;
    done_ = true;
  }

  absl::Mutex mutex_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<T> value_ ABSL_GUARDED_BY(mutex_);
  std::exception_ptr error_ ABSL_GUARDED_BY(mutex_);
};

Status TimedOut(const HttpRequest& request) {
  return absl::DeadlineExceededError(
      fmt::format("{} {}: no answer in time", request.method, request.target));
}

Status ErrorOf(const HttpRequest& request, std::exception_ptr error) {
  const std::string what = request.method + " " + request.target;
  try {
    std::rethrow_exception(error);
  } catch (const TooLarge&) {
    return absl::ResourceExhaustedError(what + ": the answer is too large");
  } catch (const http::http_exception& failure) {
    if (failure.error_code() == std::errc::timed_out) return TimedOut(request);
    return absl::UnavailableError(fmt::format("{}: {}", what, failure.what()));
  } catch (const std::exception& failure) {
    return absl::UnavailableError(fmt::format("{}: {}", what, failure.what()));
  }
}

std::optional<base::Nanos> RetryAfterOf(const http::http_response& response) {
  int64_t seconds = 0;
  if (!response.headers().match("Retry-After", seconds) || seconds < 0) return std::nullopt;
  return std::min<int64_t>(seconds, 3600) * base::kSecond;
}

// cpprestsdk adds the system's authorities on its own; with a CA of our own those must not be
// trusted.
void ConfigureTls(const TlsSettings& tls, boost::asio::ssl::context& context) {
  namespace ssl = boost::asio::ssl;
  context.set_options(ssl::context::no_sslv2 | ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                      ssl::context::no_tlsv1_1);
  if (!tls.ca_pem.empty()) {
    SSL_CTX_set_cert_store(context.native_handle(), X509_STORE_new());
    context.add_certificate_authority(boost::asio::buffer(tls.ca_pem));
  }
  if (!tls.certificate_pem.empty()) {
    context.use_certificate_chain(boost::asio::buffer(tls.certificate_pem));
    context.use_private_key(boost::asio::buffer(tls.key_pem), ssl::context::pem);
  }
}

// cpprestsdk hands the host to the resolver as it stands, and "[::1]" does not resolve while "::1"
// does.
web::uri ServerUri(const std::string& server) {
  const web::uri uri(server);
  const std::string host = uri.host();
  if (host.size() < 2 || host.front() != '[' || host.back() != ']') return uri;
  return web::uri_builder(uri).set_host(host.substr(1, host.size() - 2)).to_uri();
}

// cpprestsdk would also name that address without brackets, which is no Host header: a collector
// refuses it.
// With TLS it takes the header for the name that the certificate must be for, so that there it stays
// as it is, and API servers take it.
std::string HostHeader(const web::uri& server) {
  if (server.scheme() != "http" || server.host().find(':') == std::string::npos) return "";
  const std::string host = fmt::format("[{}]", server.host());
  return server.port() > 0 ? fmt::format("{}:{}", host, server.port()) : host;
}

web::web_proxy ProxyOfUrl(const std::string& url) {
  const web::uri uri(url);
  web::web_proxy out(web::uri_builder(uri).set_user_info("").to_uri());
  const std::string user = uri.user_info();
  const size_t colon = user.find(':');
  if (user.empty()) return out;
  const std::string password = colon == std::string::npos ? "" : user.substr(colon + 1);
  out.set_credentials(
      web::credentials(web::uri::decode(user.substr(0, colon)), web::uri::decode(password)));
  return out;
}

// cpprestsdk has one value per name and joins several with commas, while the API server takes a
// line for each group of Impersonate-Group: the further lines are part of the first one's value.
void AddHeaders(const std::vector<std::pair<std::string, std::string>>& added,
                http::http_headers* headers) {
  for (size_t i = 0; i < added.size(); ++i) {
    const auto& name = added[i].first;
    if (headers->has(name)) continue;
    std::string lines = added[i].second;
    for (size_t j = i + 1; j < added.size(); ++j) {
      if (added[j].first == name) lines += "\r\n" + name + ": " + added[j].second;
    }
    headers->add(name, lines);
  }
}

}  // namespace

struct HttpTransport::State {
  HttpTransportOptions options;
  web::uri server;
  std::unique_ptr<http_client> calls;
  // Calls that did not unwind in time keep a share of it.
  std::shared_ptr<char> life = std::make_shared<char>();

  http_client_config Config(base::Nanos silence) const {
    http_client_config config;
    config.set_timeout(Chrono(silence));
    config.set_validate_certificates(!options.tls.insecure_skip_verify);
    config.set_max_redirects(0);
    if (!options.proxy_url.empty()) config.set_proxy(ProxyOfUrl(options.proxy_url));
    config.set_ssl_context_callback(
        [tls = options.tls](boost::asio::ssl::context& context) { ConfigureTls(tls, context); });
    return config;
  }

  http::http_request Prepare(const HttpRequest& request) const {
    http::http_request out(request.method);
    out.set_request_uri(web::uri(request.target));
    auto& headers = out.headers();
    headers.add("Accept", request.accept);
    headers.add("User-Agent", options.user_agent);
    if (!request.authorization.empty()) headers.add("Authorization", request.authorization);
    // It also decides for which name the server's certificate must be.
    const std::string& name = options.tls.server_name;
    if (const auto host = name.empty() ? HostHeader(server) : name; !host.empty()) {
      headers.add("Host", host);
    }
    AddHeaders(request.headers, &headers);
    if (!request.content_type.empty()) out.set_body(request.body, request.content_type);
    return out;
  }

  // Throwing from the progress handler is cpprestsdk's only way to stop a body that grows too
  // large.
  void LimitBody(http::http_request& request) const {
    const size_t bytes_max = options.response_bytes_max;
    request.set_progress_handler(
        [bytes_max](http::message_direction::direction direction, utility::size64_t bytes) {
          if (direction == http::message_direction::download && bytes > bytes_max) throw TooLarge();
        });
  }
};

namespace {

pplx::task<HttpResponse> ReadBody(http::http_response response) {
  return response.extract_vector().then([response](std::vector<unsigned char> body) {
    return HttpResponse{response.status_code(), RetryAfterOf(response),
                        std::string(body.begin(), body.end())};
  });
}

// The next bytes of a body, waiting for the first of them. Empty: the body has ended.
class BodyReader {
 public:
  explicit BodyReader(const http::http_response& response)
      : buffer_(response.body().streambuf()), piece_(kPieceBytes) {}

  // Null after `timeout`. Throws what broke the connection.
  std::optional<std::string_view> Next(base::Nanos timeout) {
    if (buffer_.in_avail() == 0) {
      auto first = Outcome<int>::Of(buffer_.bumpc());
      if (!first->Wait(timeout)) return std::nullopt;
      const int byte = first->Get();
      if (byte == Buffer::traits::eof()) return std::string_view();
      piece_[0] = static_cast<uint8_t>(byte);
      return Take(1);
    }
    return Take(0);
  }

  size_t backlog() { return buffer_.in_avail(); }

 private:
  std::string_view Take(size_t have) {
    const size_t more = std::min(buffer_.in_avail(), piece_.size() - have);
    const size_t taken = more == 0 ? 0 : buffer_.getn(piece_.data() + have, more).get();
    return {reinterpret_cast<const char*>(piece_.data()), have + taken};
  }

  Buffer buffer_;
  std::vector<uint8_t> piece_;
};

Status Pump(const HttpRequest& request, const http::http_response& response, base::Nanos silence,
            const HttpTransport::StreamHandlers& handlers) {
  BodyReader reader(response);
  for (;;) {
    // cpprestsdk keeps the time itself and breaks the connection; this limit only guards against it
    // failing to.
    const auto bytes = reader.Next(silence + kUnwind);
    if (!bytes) return TimedOut(request);
    if (bytes->empty()) return absl::OkStatus();
    TT_RETURN_IF_ERROR(handlers.on_bytes(*bytes));
    if (reader.backlog() > kBacklogBytesMax) {
      return absl::ResourceExhaustedError(request.target + ": more came than could be handled");
    }
  }
}

StatusOr<HttpResponse> ReadStream(const HttpRequest& request, const http::http_response& response,
                                  base::Nanos silence,
                                  const HttpTransport::StreamHandlers& handlers) {
  if (response.status_code() == http::status_codes::OK) {
    if (handlers.on_open) handlers.on_open();
    TT_RETURN_IF_ERROR(Pump(request, response, silence, handlers));
    return HttpResponse{200, std::nullopt, ""};
  }
  auto body = Outcome<HttpResponse>::Of(ReadBody(response));
  return body->Wait(silence) ? StatusOr<HttpResponse>(body->Get()) : TimedOut(request);
}

}  // namespace

HttpTransport::HttpTransport(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpTransport::~HttpTransport() {
  // A continuation that runs while the process exits is what cpprestsdk is known to crash on.
  const base::Deadline deadline(kUnwind);
  while (state_->life.use_count() > 1 && deadline.left() > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

StatusOr<std::unique_ptr<HttpTransport>> HttpTransport::Make(HttpTransportOptions options) {
  StartThreads();
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  const std::string server = state->options.server;
  try {
    state->server = ServerUri(server);
    const std::string scheme = state->server.scheme();
    if ((scheme != "http" && scheme != "https") || state->server.host().empty()) {
      return absl::InvalidArgumentError(
          fmt::format("connect to \"{}\": use http://host:port or https://host:port", server));
    }
    // Done once now, so that unusable PEM texts are told at the start and not per connection.
    boost::asio::ssl::context context(boost::asio::ssl::context::sslv23);
    ConfigureTls(state->options.tls, context);
    state->calls = std::make_unique<http_client>(state->server, state->Config(60 * base::kSecond));
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(fmt::format("connect to \"{}\": {}", server, error.what()));
  }
  return std::unique_ptr<HttpTransport>(new HttpTransport(std::move(state)));
}

StatusOr<HttpResponse> HttpTransport::Send(const HttpRequest& request, base::Nanos timeout) {
  pplx::cancellation_token_source cancel;
  try {
    auto prepared = state_->Prepare(request);
    state_->LimitBody(prepared);
    auto answer =
        Outcome<HttpResponse>::Of(state_->calls->request(prepared, cancel.get_token())
                                      .then([life = state_->life](http::http_response response) {
                                        return ReadBody(response);
                                      }));
    if (answer->Wait(timeout)) return answer->Get();
    cancel.cancel();
    answer->Wait(kUnwind);
    return TimedOut(request);
  } catch (...) {
    return ErrorOf(request, std::current_exception());
  }
}

StatusOr<HttpResponse> HttpTransport::Stream(const HttpRequest& request, base::Nanos silence,
                                             const StreamHandlers& handlers, std::stop_token stop) {
  pplx::cancellation_token_source cancel;
  const std::stop_callback on_stop(stop, [&cancel] { cancel.cancel(); });
  StatusOr<HttpResponse> result = TimedOut(request);
  try {
    http_client client(state_->server, state_->Config(silence));
    auto head = Outcome<http::http_response>::Of(
        client.request(state_->Prepare(request), cancel.get_token()));
    if (head->Wait(silence + kUnwind)) {
      const http::http_response response = head->Get();
      result = ReadStream(request, response, silence, handlers);
      cancel.cancel();
      Outcome<http::http_response>::Of(response.content_ready())->Wait(kUnwind);
    }
  } catch (...) {
    result = ErrorOf(request, std::current_exception());
  }
  cancel.cancel();
  if (stop.stop_requested()) return absl::CancelledError(request.target + ": stopped");
  return result;
}

}  // namespace traffictap::kube
