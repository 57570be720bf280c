#include "web/http_server.h"

#include <boost/test/unit_test.hpp>
#include <chrono>

#include "fakes/eventually.h"
#include "fakes/raw_client.h"

namespace traffictap {

using fakes::RawClient;

struct HttpServerTest {
  HttpServerTest() { options.address = "127.0.0.1:0"; }
  void Start() {
    auto started = web::HttpServer::Start(
        options, {{"/healthz",
                   [] {
                     return web::HttpResponse{200, "text/plain", "ok\n"};
                   }},
                  {"/readyz", [] {
                     return web::HttpResponse{503, "text/plain", "not ready\n"};
                   }}});
    BOOST_REQUIRE(started.ok());
    server = *std::move(started);
  }
  std::string Ask(const std::string& method, const std::string& target) {
    RawClient client(server->port());
    client.Send(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return client.ReadAll();
  }
  web::HttpServerOptions options;
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

BOOST_AUTO_TEST_CASE(connections_beyond_the_bound_are_closed_and_a_free_place_is_used_again) {
  options.connections_max = 2;
  Start();
  auto first = std::make_unique<RawClient>(server->port());
  auto second = std::make_unique<RawClient>(server->port());
  for (auto* client : {first.get(), second.get()}) {
    client->Send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(client->ReadUntil("ok\n").starts_with("HTTP/1.1 200 "));
  }
  BOOST_TEST(RawClient(server->port()).ReadAll() == "");
  first.reset();
  BOOST_TEST(
      fakes::Eventually([&] { return Ask("GET", "/healthz").starts_with("HTTP/1.1 200 "); }));
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
