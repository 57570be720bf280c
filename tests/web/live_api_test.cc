// SPDX-License-Identifier: Apache-2.0
#include "web/live_api.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

#include "fakes/eventually.h"
#include "fakes/manual_clock.h"
#include "nlohmann/json.hpp"
#include "observe/live_reader.h"
#include "observe/sample_records.h"
#include "web/http_server.h"

namespace traffictap {
namespace web {
namespace {

namespace asio = boost::asio;

// Knows what the test tells it; `namespaces` empty: everything.
struct ToldAuthorizer final : observe::Authorizer {
  void Authorize(const observe::Credentials& credentials, const std::set<std::string>& asked,
                 Done done) override {
    absl::MutexLock lock(&mutex);
    if (credentials.authorization != "Bearer good" || revoked) {
      return done(absl::UnauthenticatedError("who?"));
    }
    done(observe::Access{
        .user = "tester", .everything = namespaces.empty(), .namespaces = namespaces});
  }
  void Revoke() {
    absl::MutexLock lock(&mutex);
    revoked = true;
  }
  absl::Mutex mutex;
  bool revoked = false;
  std::set<std::string> namespaces;
};

struct Fixture {
  fakes::ManualClock clock;
  observe::LiveHub hub{{}, &clock};
  ToldAuthorizer authorizer;
  LiveApi api{&hub, &authorizer, &clock, [](const observe::Access&) { return "{}\n"; }};
  std::unique_ptr<HttpServer> server;
  asio::io_context io;
  std::string rest;  // of the last answer

  Fixture() {
    HttpServerOptions options;
    options.address = "127.0.0.1:0";
    options.poll_interval = 5 * base::kMillisecond;
    server = HttpServer::Start(options, api.Routes()).value();
    hub.SetTaps({"shop/all"});
  }

  struct Connection {
    explicit Connection(asio::io_context* io) : socket(*io) {}
    asio::ip::tcp::socket socket;
    asio::streambuf buffer;

    // Up to and with `end`; all there is where the connection ends first.
    std::string ReadUntil(const std::string& end) {
      boost::system::error_code error;
      const size_t size = asio::read_until(socket, buffer, end, error);
      const auto data = static_cast<const char*>(buffer.data().data());
      std::string out(data, error ? buffer.size() : size);
      buffer.consume(out.size());
      return out;
    }
  };

  std::unique_ptr<Connection> Send(const std::string& target, const std::string& headers = {},
                                   const std::string& token = "good") {
    auto out = std::make_unique<Connection>(&io);
    out->socket.connect(
        {asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(server->port())});
    const std::string host =
        headers.find("Host:") == std::string::npos ? "Host: localhost\r\n" : "";
    asio::write(out->socket,
                asio::buffer("GET " + target + " HTTP/1.1\r\n" + host + headers +
                             "Authorization: Bearer " + token + "\r\nConnection: close\r\n\r\n"));
    return out;
  }
  std::string Get(const std::string& target, const std::string& headers = {},
                  const std::string& token = "good") {
    return Send(target, headers, token)->ReadUntil("never comes");
  }
};

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(live_api, Fixture)

BOOST_AUTO_TEST_CASE(the_backlog_comes_as_lines_and_ends) {
  hub.Consume(observe::Records(2));
  const std::string answer = Get("/api/v1/pairs?tap=shop/all");
  BOOST_TEST(Has(answer, "HTTP/1.1 200"));
  BOOST_TEST(Has(answer, "application/x-ndjson"));
  BOOST_TEST(Has(answer, "\"path\":\"/1\""));
  BOOST_TEST(Has(answer, "BacklogRead"));
  BOOST_TEST(answer.ends_with("0\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(a_follower_gets_what_comes_later_also_as_events) {
  auto reader = Send("/api/v1/pairs?follow=true", "Accept: text/event-stream\r\n");
  BOOST_TEST(Has(reader->ReadUntil("Position"), "text/event-stream"));
  hub.Consume(observe::Records(1));
  BOOST_TEST(Has(reader->ReadUntil("\"path\":\"/0\""), "event: record\ndata: {"));
}

BOOST_AUTO_TEST_CASE(without_the_right_nothing_is_told) {
  const std::string answer = Get("/api/v1/pairs?colour=red", {}, "bad");
  BOOST_TEST(Has(answer, "HTTP/1.1 401"));
  BOOST_TEST(Has(answer, "WWW-Authenticate: Bearer"));
  BOOST_TEST(!Has(answer, "colour"));
}

BOOST_AUTO_TEST_CASE(another_namespaces_tap_is_refused_where_named_and_left_out_else) {
  hub.SetTaps({"shop/all", "bank/all"});
  hub.Consume(observe::Records(1));
  hub.Consume(observe::Records(1, "bank/all"));
  authorizer.namespaces = {"shop"};
  BOOST_TEST(Has(Get("/api/v1/pairs?tap=bank/all"), "HTTP/1.1 403"));
  const std::string all = Get("/api/v1/pairs");
  BOOST_TEST(Has(all, "\"tap\":\"shop/all\""));
  BOOST_TEST(!Has(all, "\"tap\":\"bank/all\""));
}

BOOST_AUTO_TEST_CASE(a_revoked_right_ends_an_open_stream) {
  auto reader = Send("/api/v1/pairs?follow=true");
  reader->ReadUntil("Position");
  authorizer.Revoke();
  clock.Advance(61 * base::kSecond);
  BOOST_TEST(Has(reader->ReadUntil("never comes"), "\"reason\":\"RightRevoked\""));
  BOOST_TEST(hub.readers() == 0);
}

BOOST_AUTO_TEST_CASE(a_quiet_stream_gets_a_blank_line_now_and_then) {
  auto reader = Send("/api/v1/pairs?follow=true");
  reader->ReadUntil("Position");
  reader->ReadUntil("\r\n");
  clock.Advance(11 * base::kSecond);
  BOOST_TEST(Has(reader->ReadUntil("1\r\n\n\r\n"), "1\r\n\n\r\n"));
}

BOOST_AUTO_TEST_CASE(bad_parameters_are_named) {
  for (const char* bad : {"follow=maybe", "since=yesterday", "limit=0", "window=1ms", "code=9",
                          "after=x", "colour=red", "text=%zz"}) {
    const std::string answer = Get(std::string("/api/v1/pairs?") + bad);
    BOOST_TEST_CONTEXT(bad) {
      BOOST_TEST(Has(answer, "HTTP/1.1 400"));
      BOOST_TEST(Has(answer, "\"kind\":\"Status\""));
    }
  }
  BOOST_TEST(Has(Get("/api/v1/pairs?tap=shop/none"), "HTTP/1.1 404"));
}

BOOST_AUTO_TEST_CASE(a_summary_is_grouped_by_what_is_asked_for) {
  hub.Consume(observe::Records(3));
  BOOST_TEST(!Has(Get("/api/v1/summary"), "\"groups\""));
  for (const char* by : {"zone", "version", "pod"}) {
    BOOST_TEST(Has(Get(std::string("/api/v1/summary?by=") + by), "\"groups\":["), by);
  }
  BOOST_TEST(Has(Get("/api/v1/summary?by=node"), "HTTP/1.1 400"));
  BOOST_TEST(Has(Get("/api/v1/pairs?by=zone"), "HTTP/1.1 400"));
}

BOOST_AUTO_TEST_CASE(since_and_limit_hold) {
  hub.Consume(observe::Records(3));
  clock.Advance(60 * base::kSecond);
  hub.Consume(observe::Records(2));
  const std::string late = Get("/api/v1/pairs?since=30s");
  BOOST_TEST(Has(late, "\"path\":\"/1\""));
  BOOST_TEST(!Has(late, "\"path\":\"/2\""));
  BOOST_TEST(Has(Get("/api/v1/pairs?follow=true&limit=1"), "\"reason\":\"Limit\""));
}

BOOST_AUTO_TEST_CASE(other_sites_and_other_names_are_refused) {
  BOOST_TEST(Has(Get("/api/v1/taps", "Host: evil.example\r\n"), "HTTP/1.1 403"));
  BOOST_TEST(Has(Get("/api/v1/taps", "Host: 127.0.0.1.evil.example\r\n"), "HTTP/1.1 403"));
  BOOST_TEST(Has(Get("/api/v1/taps", "Origin: http://evil.example\r\n"), "HTTP/1.1 403"));
  BOOST_TEST(Has(Get("/api/v1/taps", "Sec-Fetch-Site: cross-site\r\n"), "HTTP/1.1 403"));
  for (const char* host :
       {"localhost", "localhost:9090", "127.0.0.1:1", "127.3.4.5:9090", "[::1]:9"}) {
    BOOST_TEST(Has(Get("/api/v1/taps", std::string("Host: ") + host + "\r\n"), "HTTP/1.1 200"));
  }
}

BOOST_AUTO_TEST_CASE(every_answer_has_the_security_headers) {
  for (const char* target :
       {"/api/v1/taps", "/api/v1/summary", "/api/v1/pairs", "/api/v1/taps?x=%"}) {
    const std::string answer = Get(target);
    BOOST_TEST(Has(answer, "default-src 'none'"));
    BOOST_TEST(Has(answer, "X-Content-Type-Options: nosniff"));
    BOOST_TEST(Has(answer, "Cache-Control: no-store"));
  }
}

// Stands still for every thread but the one that made it, until it is let go.
struct HeldClock final : base::Clock {
  base::Nanos Monotonic() const override { return 0; }
  base::Nanos Wall() const override {
    absl::MutexLock lock(&mutex);
    if (std::this_thread::get_id() != maker) mutex.Await(absl::Condition(&let_go));
    return 1'700'000'000 * base::kSecond;
  }
  const std::thread::id maker = std::this_thread::get_id();
  mutable absl::Mutex mutex;
  bool let_go = false;
};

BOOST_AUTO_TEST_CASE(a_summary_that_takes_long_holds_up_nobody_else) {
  HeldClock held;
  absl::Mutex mutex;
  std::vector<int> codes;
  LiveApi own{&hub, &authorizer, &held, [](const observe::Access&) { return "{}\n"; }};
  const auto ask = [&](LiveResource resource) {
    LiveScope scope;
    scope.credentials.authorization = "Bearer good";
    own.Answer(resource, HttpRequest(), std::move(scope), [&](const HttpResponse& answer) {
      absl::MutexLock lock(&mutex);
      codes.push_back(answer.code);
    });
  };
  const auto answered = [&] {
    absl::MutexLock lock(&mutex);
    return codes;
  };
  ask(LiveResource::kSummaries);
  ask(LiveResource::kTaps);
  BOOST_TEST(answered() == std::vector<int>{200});
  {
    absl::MutexLock lock(&held.mutex);
    held.let_go = true;
  }
  BOOST_TEST(fakes::Eventually([&] { return answered().size() == 2; }));
  BOOST_TEST(answered().back() == 200);
  own.Stop();
  ask(LiveResource::kSummaries);
  BOOST_TEST(answered().back() == 503);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace web
}  // namespace traffictap
