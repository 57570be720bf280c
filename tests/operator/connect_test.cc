// SPDX-License-Identifier: Apache-2.0
#include "operator/connect.h"

#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"
#include "fakes/scripted_http_server.h"
#include "fakes/temp_dir.h"
#include "fmt/format.h"

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

BOOST_AUTO_TEST_CASE(writes_are_bounded_as_the_options_say) {
  fakes::ScriptedHttpServer server([](const auto&, auto& connection) {
    connection.Answer(200, "{}");
    return true;
  });
  const fakes::TempDir dir;
  dir.Write("config", fmt::format(R"(
apiVersion: v1
kind: Config
current-context: here
clusters: [{{name: c, cluster: {{server: "{}"}}}}]
users: [{{name: u, user: {{token: t}}}}]
contexts: [{{name: here, context: {{cluster: c, user: u}}}}]
)",
                                  server.url()));
  op::Options options;
  options.kubeconfig.path = dir / "config";
  options.api_writes_per_second = 2;
  fakes::ManualClock clock;
  const auto client = op::Connect(options, &clock);
  BOOST_TEST_REQUIRE(client.ok(), Message(client.status()));
  const kube::Object pod(kube::Json{{"metadata", {{"name", "a"}, {"namespace", "b"}}}});
  const kube::ApplyOptions yielding{.field_manager = "m", .gives_way = true};
  const auto written = [&] {
    int count = 0;
    while (count < 10 && (*client)->Apply(kube::kPods, pod, yielding).ok()) ++count;
    return count;
  };
  BOOST_TEST(written() == 4);  // after a pause twice as many
  clock.Advance(base::kSecond);
  BOOST_TEST(written() == 2);
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
