// SPDX-License-Identifier: Apache-2.0

// All of a session runs on the server's one thread; what answers elsewhere comes back to it by
// dispatch. A connection is either held, by a stream or by an answer that is still to come, which
// is bounded, or it waits for its peer, in a list whose first one goes when descriptors run out. So
// slow peers can take neither the place of readers nor the last descriptor. Each asynchronous
// operation holds the session: it ends with the last of them.
#include "web/http_session.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "traffic/socket_address.h"
#include "web/site_guard.h"

namespace traffictap::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

// Small enough that a slow reader on a slow line still makes progress within the stall timeout.
constexpr size_t kPieceBytes = 128 * 1024;

std::string Text(beast::string_view view) { return {view.data(), view.size()}; }

// A socket for both families has IPv4 peers as ::ffff:10.1.2.3, and a link's own ones with a scope.
std::string PeerText(const asio::ip::tcp::endpoint& peer) {
  const std::string ip = peer.address().to_string();
  const auto address = traffic::ParseSocketAddress(ip, peer.port());
  return address ? address->ToString() : fmt::format("[{}]:{}", ip, peer.port());
}

HttpResponse TooMany() {
  HttpResponse out{503, "text/plain; charset=utf-8", "too many readers: try again later\n"};
  out.headers = {{"Retry-After", "1"}};
  return out;
}

}  // namespace

bool SpareDescriptor::Release() {
  if (descriptor_ < 0) return false;
  close(std::exchange(descriptor_, -1));
  return true;
}

void SpareDescriptor::Refill() {
  if (descriptor_ < 0) descriptor_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

const Route* SessionContext::Find(const std::string& path) const {
  const auto whole = routes.find(path);
  if (whole != routes.end()) return &whole->second;
  for (size_t slash = path.rfind('/'); slash != 0 && slash != std::string::npos;
       slash = path.rfind('/', slash - 1)) {
    const auto found = routes.find(path.substr(0, slash + 1));
    if (found != routes.end()) return &found->second;
  }
  return nullptr;
}

bool SessionContext::MayHold() const {
  const int most = options.connections_max;
  return held < most - std::min(options.connections_reserved, most / 2);
}

bool SessionContext::CloseLongestWaiting() {
  if (waiting.empty()) return false;
  waiting.front()->Close();
  return true;
}

// Who answers later may be the last to let go of the session, on any thread; but what the sessions
// share belongs to the server's.
void HttpSession::Serve(asio::ip::tcp::socket socket, SessionContext* context) {
  const auto end = [](HttpSession* session) {
    asio::dispatch(session->stream_.get_executor(),
                   [owned = std::unique_ptr<HttpSession>(session)] {});
  };
  std::shared_ptr<HttpSession>(new HttpSession(std::move(socket), context), end)->Start();
}

HttpSession::HttpSession(asio::ip::tcp::socket socket, SessionContext* context)
    : stream_(std::move(socket)), context_(context), timer_(stream_.get_executor()) {
  ++context_->connections;
  WaitForPeer();
}

HttpSession::~HttpSession() {
  EndStream(StreamEnd::kServerStopped);
  Close();
  context_->spare.Refill();
  if (held_) --context_->held;
  --context_->connections;
}

void HttpSession::Close() {
  if (waiting_) context_->waiting.erase(*std::exchange(waiting_, std::nullopt));
  stream_.close();
}

void HttpSession::WaitForPeer() {
  if (held_) --context_->held;
  held_ = false;
  auto& waiting = context_->waiting;
  if (waiting_) return waiting.splice(waiting.end(), waiting, *waiting_);
  waiting_ = waiting.insert(waiting.end(), this);
}

bool HttpSession::Hold() {
  if (held_) return true;
  if (!context_->MayHold()) return false;
  if (waiting_) context_->waiting.erase(*std::exchange(waiting_, std::nullopt));
  ++context_->held;
  held_ = true;
  return true;
}

// A peer that breaks off, speaks no TLS or shows a certificate of somebody else ends here.
void HttpSession::Start() {
  if (!context_->options.tls) return Read();
  tls_.emplace(stream_, *context_->options.tls->context());
  stream_.expires_after(std::chrono::nanoseconds(context_->options.request_timeout));
  tls_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](Error error) {
    if (error) return;
    self->client_name_ = VerifiedName(self->tls_->native_handle());
    self->Read();
  });
}

void HttpSession::Read() {
  WaitForPeer();
  parser_.emplace();
  parser_->body_limit(context_->options.request_bytes_max);
  parser_->header_limit(static_cast<uint32_t>(context_->options.request_bytes_max));
  stream_.expires_after(std::chrono::nanoseconds(context_->options.request_timeout));
  OnStream([this](auto& stream) {
    http::async_read(stream, buffer_, *parser_, [self = shared_from_this()](Error error, size_t) {
      if (!error) self->Dispatch();
    });
  });
}

HttpRequest HttpSession::Request() const {
  HttpRequest out;
  const std::string target = Text(parser_->get().target());
  out.path = target.substr(0, target.find('?'));
  if (out.path.size() < target.size()) out.query = target.substr(out.path.size() + 1);
  for (const auto& field : parser_->get()) {
    out.headers.emplace(absl::AsciiStrToLower(Text(field.name_string())), Text(field.value()));
  }
  out.client_name = client_name_;
  Error error;
  const auto peer = stream_.socket().remote_endpoint(error);
  if (!error) out.peer = PeerText(peer);
  return out;
}

void HttpSession::Dispatch() {
  const auto method = parser_->get().method();
  HttpRequest request = Request();
  const Route* route = context_->Find(request.path);
  const bool posts = method == http::verb::post && route != nullptr && route->takes_bodies();
  if (posts) request.posted = parser_->get().body();
  if (!posts && method != http::verb::get && method != http::verb::head) {
    return Answer(OnlyReads());
  }
  if (route == nullptr) return Answer({404, "text/plain; charset=utf-8", "not found\n"});
  if (route->answers_later() && !Hold()) return Answer(TooMany());
  (*route)(request, [self = shared_from_this()](HttpResponse answer) {
    asio::dispatch(self->stream_.get_executor(), [self, answer = std::move(answer)]() mutable {
      self->Answer(std::move(answer));
    });
  });
}

void HttpSession::Answer(HttpResponse answer) {
  const bool streams = answer.stream && parser_->get().method() == http::verb::get;
  if (streams && Hold()) return StartStream(answer);
  if (answer.stream) answer.stream->Ended(StreamEnd::kFinished);
  WriteBody(streams ? TooMany() : std::move(answer));
}

template <typename Body>
void HttpSession::WriteHead(const HttpResponse& answer, http::response<Body>* out) const {
  *out = http::response<Body>(static_cast<http::status>(answer.code), parser_->get().version());
  out->set(http::field::content_type, answer.content_type);
  out->set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : answer.headers) out->set(name, value);
}

void HttpSession::WriteBody(HttpResponse answer) {
  WaitForPeer();
  WriteHead(answer, &response_);
  response_.keep_alive(parser_->get().keep_alive());
  response_.body() = std::move(answer.body);
  response_.prepare_payload();
  if (parser_->get().method() == http::verb::head) response_.body().clear();
  stream_.expires_after(std::chrono::nanoseconds(context_->options.request_timeout));
  OnStream([this](auto& stream) {
    http::async_write(stream, response_, [self = shared_from_this()](Error error, size_t) {
      if (!error && self->response_.keep_alive()) self->Read();
    });
  });
}

void HttpSession::StartStream(const HttpResponse& answer) {
  source_ = answer.stream;
  WriteHead(answer, &head_);
  chunked_ = parser_->get().version() >= 11;
  head_.chunked(chunked_);
  head_.keep_alive(false);
  serializer_.emplace(head_);
  WatchReader();
  stream_.expires_after(std::chrono::nanoseconds(context_->options.stall_timeout));
  OnStream([this](auto& stream) {
    http::async_write_header(stream, *serializer_,
                             [self = shared_from_this()](Error error, size_t) {
                               if (error) return self->EndStream(StreamEnd::kReaderGone);
                               self->Pull();
                             });
  });
}

// A reader that goes away is noticed at once, not with the next record. What it sends meanwhile is
// ignored.
void HttpSession::WatchReader() {
  // Of this read alone: a write that goes on keeps its own limit.
  stream_.expires_never();
  OnStream([this](auto& stream) {
    stream.async_read_some(asio::buffer(&ignored_, 1),
                           [self = shared_from_this()](Error error, size_t) {
                             if (!error) return self->WatchReader();
                             // Closed on our side: whoever did it says why.
                             if (error == asio::error::operation_aborted) return;
                             self->EndStream(StreamEnd::kReaderGone);
                           });
  });
}

void HttpSession::Pull() {
  if (!source_) return;
  pending_.clear();
  written_ = 0;
  next_ = source_->Pull(&pending_);
  WritePiece();
}

void HttpSession::WritePiece() {
  if (!source_) return;
  if (written_ == pending_.size()) {
    if (next_ == BodySource::Next::kEnd) return FinishStream();
    // Even at once other connections come first.
    timer_.expires_after(std::chrono::nanoseconds(
        next_ == BodySource::Next::kNow ? 0 : context_->options.poll_interval));
    timer_.async_wait([self = shared_from_this()](Error error) { self->Waited(error); });
    return;
  }
  const size_t size = std::min(kPieceBytes, pending_.size() - written_);
  piece_.clear();
  if (chunked_) piece_ = fmt::format("{:x}\r\n", size);
  piece_.append(pending_, written_, size);
  if (chunked_) piece_ += "\r\n";
  written_ += size;
  stream_.expires_after(std::chrono::nanoseconds(context_->options.stall_timeout));
  OnStream([this](auto& stream) {
    asio::async_write(stream, asio::buffer(piece_),
                      [self = shared_from_this()](Error error, size_t) {
                        if (!error) return self->WritePiece();
                        self->EndStream(error == beast::error::timeout ? StreamEnd::kStalled
                                                                       : StreamEnd::kReaderGone);
                      });
  });
}

void HttpSession::Waited(const Error& error) {
  if (!error) Pull();
}

void HttpSession::FinishStream() {
  if (!chunked_) return EndStream(StreamEnd::kFinished);
  piece_ = "0\r\n\r\n";
  OnStream([this](auto& stream) {
    asio::async_write(stream, asio::buffer(piece_), [self = shared_from_this()](Error, size_t) {
      self->EndStream(StreamEnd::kFinished);
    });
  });
}

void HttpSession::EndStream(StreamEnd end) {
  if (!source_) return;
  source_->Ended(end);
  source_ = nullptr;
  timer_.cancel();
  Error ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  stream_.close();
}

}  // namespace traffictap::web
