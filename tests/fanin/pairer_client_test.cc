// SPDX-License-Identifier: Apache-2.0
#include "fanin/pairer_client.h"

#include <boost/test/unit_test.hpp>

#include "fakes/scripted_http_server.h"

namespace traffictap {

BOOST_AUTO_TEST_SUITE(pairer_client)

BOOST_AUTO_TEST_CASE(calls_and_streams_go_to_the_address) {
  fakes::ScriptedHttpServer server(
      [](const fakes::ScriptedRequest& request, fakes::ScriptedConnection& connection) {
        if (request.target == "/stream") {
          connection.BeginChunked();
          connection.Chunk("abc");
          connection.EndChunked();
        } else {
          connection.Answer(404, "{}");
        }
        return true;
      });
  const std::string address = server.url().substr(server.url().find("//") + 2);
  const auto client = fanin::ConnectOverHttp(std::nullopt)(address);
  BOOST_REQUIRE_MESSAGE(client.ok(), Message(client.status()));
  kube::HttpRequest request;
  request.target = "/call";
  request.authorization = "Bearer mine";
  BOOST_TEST((*client)->Send(request, 10 * base::kSecond)->code == 404);
  BOOST_TEST(server.requests().at(0).headers.at("authorization") == "Bearer mine");
  request.target = "/stream";
  std::string came;
  const auto ended = (*client)->Stream(request, 10 * base::kSecond,
                                       {nullptr,
                                        [&](std::string_view bytes) {
                                          came += bytes;
                                          return absl::OkStatus();
                                        }},
                                       {});
  BOOST_REQUIRE(ended.ok());
  BOOST_TEST(ended->code == 200);
  BOOST_TEST(came == "abc");
}

BOOST_AUTO_TEST_CASE(an_address_that_is_none_is_refused) {
  BOOST_TEST(absl::IsInvalidArgument(fanin::ConnectOverHttp(std::nullopt)("").status()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
