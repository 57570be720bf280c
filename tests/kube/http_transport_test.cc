// SPDX-License-Identifier: Apache-2.0
#include "kube/http_transport.h"

#include <boost/test/unit_test.hpp>

#include "fakes/scripted_http_server.h"

namespace traffictap {
namespace {

BOOST_AUTO_TEST_SUITE(http_transport)

BOOST_AUTO_TEST_CASE(what_the_reader_says_ends_a_stream) {
  fakes::ScriptedHttpServer server(
      [](const fakes::ScriptedRequest&, fakes::ScriptedConnection& connection) {
        connection.BeginChunked();
        connection.Chunk("abc");
        connection.Hang();
        return false;
      });
  auto transport = kube::HttpTransport::Make({server.url(), {}, "test"});
  BOOST_TEST_REQUIRE(transport.ok(), Message(transport.status()));
  const auto ended =
      (*transport)
          ->Stream({}, 10 * base::kSecond,
                   {nullptr, [](std::string_view) { return absl::AbortedError("enough"); }}, {});
  BOOST_TEST(absl::IsAborted(ended.status()), Message(ended.status()));
}

BOOST_AUTO_TEST_CASE(headers_and_body_are_sent_below_the_servers_path) {
  fakes::ScriptedHttpServer server(
      [](const fakes::ScriptedRequest&, fakes::ScriptedConnection& connection) {
        connection.Answer(200, "{}");
        return true;
      });
  auto transport = kube::HttpTransport::Make({server.url() + "/k8s/c1", {}, "test"});
  BOOST_TEST_REQUIRE(transport.ok(), Message(transport.status()));
  kube::HttpRequest request{.method = "POST", .target = "/api?a=b%2F", .authorization = "Bearer t"};
  request.content_type = "application/json";
  request.body = "{\"a\":1}";
  BOOST_TEST((*transport)->Send(request, base::kSecond * 10)->code == 200);
  const auto seen = server.requests().at(0);
  BOOST_TEST(seen.target == "/k8s/c1/api?a=b%2F");
  BOOST_TEST(seen.headers.at("authorization") == "Bearer t");
  BOOST_TEST(seen.headers.at("content-type") == "application/json");
  BOOST_TEST(seen.body == request.body);
}

BOOST_AUTO_TEST_CASE(an_ipv6_address_is_the_host_in_brackets) {
  fakes::ScriptedHttpServer server(
      [](const fakes::ScriptedRequest&, fakes::ScriptedConnection& connection) {
        connection.Answer(200, "{}");
        return true;
      });
  // The same server by its address' mapped form.
  const std::string port = server.url().substr(server.url().rfind(':'));
  auto transport = kube::HttpTransport::Make({"http://[::ffff:127.0.0.1]" + port, {}, "test"});
  BOOST_TEST_REQUIRE(transport.ok(), Message(transport.status()));
  BOOST_TEST((*transport)->Send({.target = "/"}, base::kSecond * 10)->code == 200);
  BOOST_TEST(server.requests().at(0).headers.at("host") == "[::ffff:127.0.0.1]" + port);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
