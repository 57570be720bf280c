// SPDX-License-Identifier: Apache-2.0
#include "web/http_server.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <list>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "fakes/eventually.h"
#include "fakes/few_descriptors.h"
#include "fakes/prepared_client.h"
#include "fakes/raw_client.h"

namespace traffictap {

using fakes::RawClient;

namespace {

// A body without an end, until the reader goes.
class Endless final : public web::BodySource {
 public:
  explicit Endless(std::atomic<int>* open) : open_(open) { ++*open_; }
  Next Pull(std::string* out) override {
    if (!std::exchange(began_, true)) *out += "begin\n";
    return Next::kWait;
  }
  void Ended(web::StreamEnd) override { --*open_; }

 private:
  std::atomic<int>* const open_;
  bool began_ = false;
};

// Some containers do not.
bool HasIpv6() {
  boost::asio::io_context io;
  boost::system::error_code error;
  boost::asio::ip::tcp::acceptor probe(io);
  probe.open(boost::asio::ip::tcp::v6(), error);
  if (!error) probe.bind({boost::asio::ip::address_v6::loopback(), 0}, error);
  return !error;
}

}  // namespace

struct HttpServerTest {
  HttpServerTest() { options.address = "127.0.0.1:0"; }
  void Start() {
    routes.emplace("/healthz", [] { return web::HttpResponse{200, "text/plain", "ok\n"}; });
    routes.emplace("/readyz", [] { return web::HttpResponse{503, "text/plain", "not ready\n"}; });
    auto started = web::HttpServer::Start(options, routes);
    BOOST_REQUIRE(started.ok());
    server = *std::move(started);
  }
  std::string Ask(const std::string& method, const std::string& target) {
    RawClient client(server->port());
    client.Send(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return client.ReadAll();
  }
  web::HttpServerOptions options;
  std::map<std::string, web::Route> routes;
  std::atomic<int> open = 0;  // streams: the server's end is theirs
  std::unique_ptr<web::HttpServer> server;
};

BOOST_FIXTURE_TEST_SUITE(http_server, HttpServerTest)

BOOST_AUTO_TEST_CASE(paths_answer_with_their_code_type_and_body_whatever_the_query) {
  Start();
  const auto answer = Ask("GET", "/healthz?verbose=1");
  BOOST_TEST(answer.starts_with("HTTP/1.1 200 "));
  BOOST_TEST(answer.ends_with("\r\n\r\nok\n"));
  BOOST_TEST(answer.find("X-Content-Type-Options: nosniff") != std::string::npos);
  BOOST_TEST(Ask("GET", "/readyz").starts_with("HTTP/1.1 503 "));
}

BOOST_AUTO_TEST_CASE(a_path_with_a_slash_at_its_end_answers_all_below_it_and_the_longest_wins) {
  const auto named = [](const char* name) {
    return web::Route([name](const web::HttpRequest& request) {
      return web::HttpResponse{200, "text/plain", name + request.path};
    });
  };
  server = web::HttpServer::Start(
               options, {{"/a/", named("a:")}, {"/a/b/", named("b:")}, {"/a/b/c", named("c:")}})
               .value();
  BOOST_TEST(Ask("GET", "/a/x/y").ends_with("a:/a/x/y"));
  BOOST_TEST(Ask("GET", "/a/b/x").ends_with("b:/a/b/x"));
  BOOST_TEST(Ask("GET", "/a/b/c").ends_with("c:/a/b/c"));
  BOOST_TEST(Ask("GET", "/a/").ends_with("a:/a/"));
  BOOST_TEST(Ask("GET", "/a").starts_with("HTTP/1.1 404 "));
}

BOOST_AUTO_TEST_CASE(of_a_header_that_comes_twice_both_values_are_known) {
  server =
      web::HttpServer::Start(options, {{"/",
                                        [](const web::HttpRequest& request) {
                                          std::string all;
                                          for (const auto& [name, value] : request.headers) {
                                            if (name == "x-a") all += value;
                                          }
                                          return web::HttpResponse{
                                              200, "text/plain",
                                              all + request.header("x-a") + request.header("x-b")};
                                        }}})
          .value();
  RawClient client(server->port());
  client.Send("GET / HTTP/1.1\r\nX-A: 1\r\nx-a: 2\r\nConnection: close\r\n\r\n");
  BOOST_TEST(client.ReadAll().ends_with("122"));
}

BOOST_AUTO_TEST_CASE(head_tells_the_length_and_sends_no_body) {
  Start();
  const auto answer = Ask("HEAD", "/healthz");
  BOOST_TEST(answer.starts_with("HTTP/1.1 200 "));
  BOOST_TEST(answer.find("Content-Length: 3") != std::string::npos);
  BOOST_TEST(answer.ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(other_paths_and_methods_are_refused) {
  Start();
  BOOST_TEST(Ask("GET", "/healthz/").starts_with("HTTP/1.1 404 "));
  BOOST_TEST(Ask("GET", "/../etc/passwd").starts_with("HTTP/1.1 404 "));
  const auto refused = Ask("DELETE", "/healthz");
  BOOST_TEST(refused.starts_with("HTTP/1.1 405 "));
  BOOST_TEST(refused.find("Allow: GET, HEAD") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_body_reaches_the_route_that_takes_one_and_no_other) {
  routes.emplace("/echo",
                 web::Route([](const web::HttpRequest& request) {
                   return web::HttpResponse{200, "text/plain", request.posted.value_or("none")};
                 }).TakingBodies());
  Start();
  const auto post = [this](const std::string& path) {
    RawClient client(server->port());
    client.Send("POST " + path +
                " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
    return client.ReadAll();
  };
  BOOST_TEST(post("/echo").ends_with("hello"));
  BOOST_TEST(Ask("GET", "/echo").ends_with("none"));
  BOOST_TEST(post("/healthz").starts_with("HTTP/1.1 405 "));
}

BOOST_AUTO_TEST_CASE(a_kept_alive_connection_takes_one_request_after_another) {
  Start();
  RawClient client(server->port());
  for (int i = 0; i < 3; ++i) {
    client.Send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(client.ReadUntil("ok\n").starts_with("HTTP/1.1 200 "));
  }
}

BOOST_AUTO_TEST_CASE(an_oversize_request_ends_its_connection_and_nobody_elses) {
  options.request_bytes_max = 1024;
  Start();
  RawClient client(server->port());
  client.Send("GET /healthz HTTP/1.1\r\nX-Long: " + std::string(4096, 'x') + "\r\n\r\n");
  BOOST_TEST(client.ReadAll().find(" 200 ") == std::string::npos);
  BOOST_TEST(Ask("GET", "/healthz").starts_with("HTTP/1.1 200 "));
}

BOOST_AUTO_TEST_CASE(a_request_that_does_not_come_to_its_end_is_timed_out) {
  options.request_timeout = 100 * base::kMillisecond;
  Start();
  RawClient client(server->port());
  client.Send("GET /healthz HTT");
  const auto begin = std::chrono::steady_clock::now();
  client.ReadAll();
  BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(5)));
}

BOOST_AUTO_TEST_CASE(garbage_is_closed_and_counts_for_nothing) {
  Start();
  RawClient client(server->port());
  client.Send(std::string("\x16\x03\x01\0garbage\r\n\r\n", 15));
  client.ReadAll();
  BOOST_TEST(Ask("GET", "/healthz").starts_with("HTTP/1.1 200 "));
}

BOOST_AUTO_TEST_CASE(of_too_many_connections_the_one_goes_that_was_left_waiting_for_longest) {
  options.connections_max = 2;
  Start();
  RawClient first(server->port()), second(server->port());
  for (auto* client : {&first, &second}) {
    client->Send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(client->ReadUntil("ok\n").starts_with("HTTP/1.1 200 "));
  }
  BOOST_TEST(Ask("GET", "/healthz").starts_with("HTTP/1.1 200 "));
  BOOST_TEST(first.ReadAll() == "");
  second.Send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  BOOST_TEST(second.ReadUntil("ok\n").starts_with("HTTP/1.1 200 "));
}

BOOST_AUTO_TEST_CASE(connections_that_say_nothing_or_half_of_it_keep_no_probe_out) {
  Start();
  std::list<RawClient> idle;
  for (int i = 0; i < 20; ++i) {
    for (int k = 0; k < options.connections_max; ++k) {
      idle.emplace_back(server->port());
      if (k % 2 == 0) idle.back().Send("GET /healthz HTTP/1.1\r\nX-Slow: ");
    }
    BOOST_TEST(Ask("GET", "/healthz").starts_with("HTTP/1.1 200 "));
  }
}

BOOST_AUTO_TEST_CASE(readers_of_streams_leave_a_part_of_the_connections_to_probes) {
  options.connections_max = 4;
  server = web::HttpServer::Start(options, {{"/healthz",
                                             [] {
                                               return web::HttpResponse{200, "text/plain", "ok\n"};
                                             }},
                                            {"/stream",
                                             [&] {
                                               web::HttpResponse out;
                                               out.stream = std::make_shared<Endless>(&open);
                                               return out;
                                             }}})
               .value();
  const std::string request = "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n";
  auto first = std::make_unique<RawClient>(server->port());
  RawClient second(server->port());
  for (auto* client : {first.get(), &second}) {
    client->Send(request);
    BOOST_TEST(client->ReadUntil("begin\n").starts_with("HTTP/1.1 200 "));
  }
  const auto refused = Ask("GET", "/stream");
  BOOST_TEST(refused.starts_with("HTTP/1.1 503 "));
  BOOST_TEST(refused.find("Retry-After: 1") != std::string::npos);
  BOOST_TEST(open == 2);
  // Nor do idle ones cut a stream off.
  std::list<RawClient> idle;
  for (int i = 0; i < 10; ++i) idle.emplace_back(server->port());
  BOOST_TEST(Ask("GET", "/healthz").starts_with("HTTP/1.1 200 "));
  BOOST_TEST(open == 2);
  first.reset();
  BOOST_TEST(fakes::Eventually([&] { return open == 1; }));
  RawClient third(server->port());
  third.Send(request);
  BOOST_TEST(third.ReadUntil("begin\n").starts_with("HTTP/1.1 200 "));
}

BOOST_AUTO_TEST_CASE(
    requests_that_wait_for_their_answer_leave_a_part_of_the_connections_to_probes) {
  options.connections_max = 4;
  absl::Mutex mutex;
  std::vector<web::Route::Respond> asked;
  server = web::HttpServer::Start(
               options, {{"/healthz",
                          [] {
                            return web::HttpResponse{200, "text/plain", "ok\n"};
                          }},
                         {"/later",
                          [&](const web::HttpRequest&, const web::Route::Respond& respond) {
                            absl::MutexLock lock(&mutex);
                            asked.push_back(respond);
                          }}})
               .value();
  RawClient first(server->port()), second(server->port());
  for (auto* client : {&first, &second}) {
    client->Send("GET /later HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }
  BOOST_TEST(fakes::Eventually([&] {
    absl::MutexLock lock(&mutex);
    return asked.size() == 2;
  }));
  BOOST_TEST(Ask("GET", "/later").starts_with("HTTP/1.1 503 "));
  BOOST_TEST(Ask("GET", "/healthz").starts_with("HTTP/1.1 200 "));
  {
    absl::MutexLock lock(&mutex);
    for (const auto& respond : std::exchange(asked, {})) respond({200, "text/plain", "late\n"});
  }
  BOOST_TEST(first.ReadAll().ends_with("late\n"));
  BOOST_TEST(second.ReadAll().ends_with("late\n"));
}

BOOST_AUTO_TEST_CASE(without_descriptors_a_probe_is_answered_all_the_same) {
  Start();
  fakes::PreparedClient clients[3];
  const fakes::FewDescriptors none(0);
  for (auto& client : clients) {
    BOOST_REQUIRE(client.Connect(server->port()));
    client.Send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(client.ReadUntil("ok\n").starts_with("HTTP/1.1 200 "));
  }
}

BOOST_AUTO_TEST_CASE(an_address_that_means_all_is_one_of_both_families) {
  const auto whom = [](const web::HttpRequest& request) {
    return web::HttpResponse{200, "text/plain", request.peer};
  };
  for (const char* address : {"0.0.0.0:0", "[::]:0"}) {
    options.address = address;
    server = web::HttpServer::Start(options, {{"/", whom}}).value();
    const auto said = fakes::Get(server->port(), "/");
    BOOST_TEST(said.find("\r\n\r\n127.0.0.1:") != std::string::npos, said);
    if (!HasIpv6()) continue;
    RawClient client(server->port(), boost::asio::ip::address_v6::loopback());
    client.Send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const auto said_on_ipv6 = client.ReadAll();
    BOOST_TEST(said_on_ipv6.find("\r\n\r\n[::1]:") != std::string::npos, said_on_ipv6);
  }
}

BOOST_AUTO_TEST_CASE(any_other_address_is_that_one_alone) {
  if (HasIpv6()) {
    options.address = "[::1]:0";
    server = web::HttpServer::Start(options, {}).value();
    BOOST_CHECK_THROW(RawClient{server->port()}, boost::system::system_error);
  }
  options.address = "127.0.0.1:0";
  server = web::HttpServer::Start(options, {}).value();
  BOOST_CHECK_THROW((RawClient{server->port(), boost::asio::ip::address_v6::loopback()}),
                    boost::system::system_error);
}

BOOST_AUTO_TEST_CASE(an_address_that_is_taken_or_makes_no_sense_is_an_error) {
  Start();
  options.address = "127.0.0.1:" + std::to_string(server->port());
  BOOST_TEST(web::HttpServer::Start(options, {}).status().code() == absl::StatusCode::kUnavailable);
  for (const char* address :
       {"", "9090", "localhost:9090", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "[::1:0"}) {
    options.address = address;
    BOOST_TEST(
        web::HttpServer::Start(options, {}).status().code() == absl::StatusCode::kInvalidArgument,
        address);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
