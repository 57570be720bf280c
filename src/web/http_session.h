#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "web/http_server.h"

namespace traffictap::web {

// What the sessions of one server share; used by its one thread.
struct SessionContext {
  HttpServerOptions options;
  std::map<std::string, Route> routes;
  int connections = 0;

  // The route that answers `path`, or null.
  const Route* Find(const std::string& path) const;
};

// One connection, with TLS where the server has it: reads a request, answers, and again while the
// peer keeps it alive. Lives as long as one of its asynchronous operations.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  // `context` outlives the session.
  HttpSession(boost::asio::ip::tcp::socket socket, SessionContext* context);
  ~HttpSession();

  void Start();

 private:
  using Error = boost::beast::error_code;

  // Calls `use` with what is read from and written to.
  template <typename Use>
  void OnStream(const Use& use) {
    if (tls_) {
      use(*tls_);
    } else {
      use(stream_);
    }
  }

  void Read();
  HttpRequest Request() const;
  void Dispatch();
  void Answer(HttpResponse answer);
  void WriteBody(HttpResponse answer);
  template <typename Body>
  void WriteHead(const HttpResponse& answer, boost::beast::http::response<Body>* out) const;

  void StartStream(const HttpResponse& answer);
  void WatchReader();
  void Pull();
  void WritePiece();
  void Waited(const Error& error);
  void FinishStream();
  void EndStream(StreamEnd end);

  boost::beast::tcp_stream stream_;
  std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_;  // over `stream_`
  std::optional<std::string> client_name_;
  SessionContext* const context_;
  boost::asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  boost::beast::http::response<boost::beast::http::string_body> response_;

  // Of a stream.
  std::shared_ptr<BodySource> source_;
  boost::beast::http::response<boost::beast::http::empty_body> head_;
  std::optional<boost::beast::http::response_serializer<boost::beast::http::empty_body>>
      serializer_;
  BodySource::Next next_ = BodySource::Next::kNow;
  std::string pending_;  // pulled and not written yet
  size_t written_ = 0;   // of `pending_`
  std::string piece_;    // being written
  char ignored_ = 0;     // what a reader sends into a running stream
  bool chunked_ = true;
};

}  // namespace traffictap::web
