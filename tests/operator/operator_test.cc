// SPDX-License-Identifier: Apache-2.0
#include "operator/operator.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

#include "fakes/eventually.h"
#include "fakes/raw_client.h"
#include "fakes/scripted_http_server.h"
#include "fakes/temp_dir.h"

namespace traffictap {

using fakes::Get;

struct OperatorTest {
  // An operator whose API server is at `url`.
  std::unique_ptr<op::Operator> Start(const std::string& url) {
    dir.Write("kubeconfig",
              "current-context: c\n"
              "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
              "users: [{name: u, user: {}}]\n"
              "clusters: [{name: c, cluster: {server: '" +
                  url + "'}}]\n");
    options.kubeconfig.path = dir / "kubeconfig";
    options.discovery.address = "127.0.0.1:0";
    options.http.address = "127.0.0.1:0";
    auto started = op::Operator::Start(options);
    BOOST_REQUIRE_MESSAGE(started.ok(), Message(started.status()));
    return *std::move(started);
  }

  fakes::TempDir dir;
  op::Options options;
};

BOOST_FIXTURE_TEST_SUITE(operator_process, OperatorTest)

BOOST_AUTO_TEST_CASE(without_an_api_server_it_is_not_ready_and_yet_alive) {
  options.step_max = 20 * base::kSecond;  // no call takes as long where nobody listens
  const auto running = Start("http://127.0.0.1:1");
  for (int i = 0; i < 20; ++i) {
    BOOST_TEST(Get(running->http_port(), "/healthz").starts_with("HTTP/1.1 200 "));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  BOOST_TEST(Get(running->http_port(), "/readyz").starts_with("HTTP/1.1 503 "));
}

BOOST_AUTO_TEST_CASE(loops_whose_step_takes_too_long_are_named) {
  auto silent = std::make_unique<fakes::ScriptedHttpServer>([](const auto&, auto& connection) {
    connection.Hang();
    return false;
  });
  options.step_max = 100 * base::kMillisecond;
  const auto running = Start(silent->url());
  std::string answer;
  BOOST_TEST(fakes::Eventually([&] {
               answer = Get(running->http_port(), "/healthz");
               return answer.find("watch of pods has not moved for ") != std::string::npos &&
                      answer.find("leader election has not moved for ") != std::string::npos;
             }),
             answer);
  BOOST_TEST(answer.starts_with("HTTP/1.1 503 "));
  silent = nullptr;  // what is under way ends, and with it the steps
  BOOST_TEST(fakes::Eventually(
      [&] { return Get(running->http_port(), "/healthz").starts_with("HTTP/1.1 200 "); }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
