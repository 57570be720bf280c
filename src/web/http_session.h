// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "web/http_server.h"

namespace traffictap::web {

class HttpSession;

// A descriptor that is kept for the moment when the process has no other left.
class SpareDescriptor {
 public:
  SpareDescriptor() { Refill(); }
  ~SpareDescriptor() { Release(); }
  SpareDescriptor(const SpareDescriptor&) = delete;
  SpareDescriptor& operator=(const SpareDescriptor&) = delete;

  // True where it was there: one can be opened now.
  bool Release();
  // Does nothing where it is there, or there is none to be had.
  void Refill();

 private:
  int descriptor_ = -1;
};

// What the sessions of one server share; used by its one thread.
struct SessionContext {
  HttpServerOptions options;
  std::map<std::string, Route> routes;
  int connections = 0;
  int held = 0;                     // of them, by streams and by answers that are still to come
  std::list<HttpSession*> waiting;  // the others, those whose peer was last heard of first in front
  SpareDescriptor spare;

  // The route that answers `path`, or null.
  const Route* Find(const std::string& path) const;
  // Whether one more connection may be held.
  bool MayHold() const;
  // False where no connection waits for its peer.
  bool CloseLongestWaiting();
};

// One connection, with TLS where the server has it: reads a request, answers, and again while the
// peer keeps it alive. Lives as long as one of its asynchronous operations.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  // Serves `socket` until the peer goes or has to go. `context` outlives the session. On the server's
  // thread, which also ends the session.
  static void Serve(boost::asio::ip::tcp::socket socket, SessionContext* context);

  HttpSession(boost::asio::ip::tcp::socket socket, SessionContext* context);
  ~HttpSession();

  // Breaks off: what is under way ends with an error.
  void Close();

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

  void Start();
  // From here on the peer is waited for, and the session may have to go for another.
  void WaitForPeer();
  // False where too many are held already.
  bool Hold();
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
  std::optional<std::list<HttpSession*>::iterator> waiting_;  // its place, while it waits
  bool held_ = false;
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
