// SPDX-License-Identifier: Apache-2.0
#include "operator/connect.h"

#include <boost/test/unit_test.hpp>

#include "fakes/scripted_http_server.h"

namespace traffictap {

BOOST_AUTO_TEST_SUITE(connect)

BOOST_AUTO_TEST_CASE(a_kubeconfig_that_is_not_there_is_named) {
  const base::SystemClock clock;
  op::Options options;
  options.kubeconfig.path = "/nowhere/kubeconfig";
  const auto status = op::Connect(options, &clock).status();
  BOOST_TEST(absl::IsNotFound(status));
  BOOST_TEST(Message(status).find("/nowhere/kubeconfig") != std::string::npos, Message(status));
}

BOOST_AUTO_TEST_CASE(an_answer_is_its_body_and_a_refusal_an_error_that_names_what_was_asked) {
  fakes::ScriptedHttpServer server([](const auto& request, auto& connection) {
    connection.Answer(request.target == "/readyz" ? 200 : 404, "ok\n");
    return false;
  });
  const std::string address = server.url();
  BOOST_TEST(op::Ask(address, "/readyz").value() == "ok\n");
  const auto refused = op::Ask(address, "/nothing").status();
  BOOST_TEST(absl::IsUnavailable(refused));
  BOOST_TEST(Message(refused) == address + "/nothing: HTTP 404");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
