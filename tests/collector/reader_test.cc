// SPDX-License-Identifier: Apache-2.0
#include "collector/reader.h"

#include <boost/test/unit_test.hpp>

#include "fakes/raw_client.h"
#include "fakes/temp_dir.h"

namespace traffictap {

using fakes::Get;

// As a browser asks: the page is shown to those that name this machine.
std::string GetPage(int port) {
  fakes::RawClient client(port);
  client.Send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  return client.ReadAll();
}

struct ReaderTest {
  ReaderTest() {
    options.role.role = collector::Role::kReader;
    options.role.pairers.addresses = {"127.0.0.1:1"};  // nobody is there
    options.http.address = "127.0.0.1:0";
  }
  std::unique_ptr<collector::Reader> Start() {
    auto started = collector::Reader::Start(options);
    BOOST_REQUIRE_MESSAGE(started.ok(), Message(started.status()));
    return *std::move(started);
  }
  collector::Options options;
};

BOOST_FIXTURE_TEST_SUITE(reader_process, ReaderTest)

BOOST_AUTO_TEST_CASE(it_serves_the_page_and_what_its_pairers_say) {
  const auto reader = Start();
  const int port = reader->http_port();
  BOOST_TEST(reader->live_port() == port);
  BOOST_TEST(GetPage(port).starts_with("HTTP/1.1 200 "));
  BOOST_TEST(Get(port, "/healthz").starts_with("HTTP/1.1 200 "));
  BOOST_TEST(Get(port, "/readyz").starts_with("HTTP/1.1 200 "));
  BOOST_TEST(Get(port, "/metrics").find("traffictap_reader_pairers 1") != std::string::npos);
  reader->Stop();
  BOOST_TEST(Get(port, "/readyz").starts_with("HTTP/1.1 503 "));
}

BOOST_AUTO_TEST_CASE(it_can_serve_at_an_address_of_its_own) {
  options.live.address = "127.0.0.1:0";
  const auto reader = Start();
  BOOST_TEST(reader->live_port() != reader->http_port());
  BOOST_TEST(GetPage(reader->live_port()).starts_with("HTTP/1.1 200 "));
  BOOST_TEST(Get(reader->http_port(), "/").starts_with("HTTP/1.1 404 "));
}

BOOST_AUTO_TEST_CASE(before_its_name_has_resolved_it_is_not_ready) {
  options.role.pairers = {.name = "nothing"};
  BOOST_TEST(Get(Start()->http_port(), "/readyz").starts_with("HTTP/1.1 503 "));
}

BOOST_AUTO_TEST_CASE(before_an_api_server_has_told_who_is_to_be_there_it_is_not_ready) {
  const fakes::TempDir dir;
  options.role.pairers_stateful_set = {{"tap", "pairer"}, "9"};
  options.api.kubeconfig.path = (dir.path() / "config").string();
  const Status without = collector::Reader::Start(options).status();
  BOOST_TEST(Message(without).find("needs an API server") != std::string::npos, Message(without));
  dir.Write("config", R"({"apiVersion": "v1", "kind": "Config", "current-context": "a",
    "clusters": [{"name": "a", "cluster": {"server": "http://127.0.0.1:1"}}],
    "users": [{"name": "a", "user": {}}],
    "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}]})");
  BOOST_TEST(Get(Start()->http_port(), "/readyz").starts_with("HTTP/1.1 503 "));
}

BOOST_AUTO_TEST_CASE(without_an_address_on_this_machine_it_does_not_start) {
  options.live.address = "off";
  BOOST_TEST(absl::IsInvalidArgument(collector::Reader::Start(options).status()));
  options.live.address = "0.0.0.0:0";
  BOOST_TEST(absl::IsInvalidArgument(collector::Reader::Start(options).status()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
