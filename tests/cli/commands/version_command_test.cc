// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "cli/commands/program.h"
#include "cli/records/cluster.h"
#include "fakes/captured_console.h"
#include "fakes/fake_kube_client.h"
#include "nlohmann/json.hpp"

namespace traffictap {
namespace {

constexpr char kOwnLine[] = "kubectl-traffictap " TRAFFICTAP_VERSION "\n";

struct Fixture {
  int Run(const std::vector<std::string>& args) {
    console = {};
    cli::Session session{&console, &clock, {}, [this](const auto&) -> StatusOr<cli::Cluster> {
                           ++connections;
                           if (!reachable.ok()) return reachable;
                           cli::Cluster out;
                           // Lent: the command does not delete it.
                           out.client =
                               std::shared_ptr<kube::KubeClient>(std::shared_ptr<void>(), &client);
                           out.standalone = standalone;
                           return out;
                         }};
    return cli::RunProgram(args, session);
  }
  void Serve(const std::string& collector, const std::string& of_operator) {
    const nlohmann::json versions = {{"collectorVersion", collector},
                                     {"operatorVersion", of_operator}};
    client.SetRaw(cli::kLiveGroup, nlohmann::json{{"trafficTap", versions}}.dump());
  }
  bool Said(const std::string& text) { return console.said.find(text) != std::string::npos; }

  fakes::FakeKubeClient client;
  fakes::CapturedConsole console;
  base::SystemClock clock;
  Status reachable;
  bool standalone = false;
  int connections = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(version_command, Fixture)

BOOST_AUTO_TEST_CASE(the_versions_of_all_three_programs_are_printed) {
  Serve(TRAFFICTAP_VERSION, TRAFFICTAP_VERSION);
  BOOST_TEST(Run({"version"}) == 0);
  BOOST_TEST(console.output == std::string(kOwnLine) + "collector          " TRAFFICTAP_VERSION
                                                       "\noperator           " TRAFFICTAP_VERSION
                                                       "\n");
  BOOST_TEST(console.said.empty(), console.said);
  BOOST_TEST(Run({"version", "-o", "json"}) == 0);
  const auto read = nlohmann::json::parse(console.output);
  BOOST_TEST(read.at("client") == TRAFFICTAP_VERSION);
  BOOST_TEST(read.at("collector") == TRAFFICTAP_VERSION);
  BOOST_TEST(read.at("operator") == TRAFFICTAP_VERSION);
}

BOOST_AUTO_TEST_CASE(versions_that_do_not_fit_together_are_warned_of) {
  Serve("77.0.0", "77.0.1");
  BOOST_TEST(Run({"version"}) == 0);
  BOOST_TEST(Said("warning: this program is " TRAFFICTAP_VERSION " and the collector 77.0.0"));
  BOOST_TEST(Said("warning: the operator is 77.0.1 and the collector 77.0.0"));
  const std::string own = TRAFFICTAP_VERSION;
  const std::string patch = own.substr(0, own.rfind('.')) + ".77";
  Serve(patch, patch);
  BOOST_TEST(Run({"version"}) == 0);
  BOOST_TEST(console.said.empty(), console.said);
}

BOOST_AUTO_TEST_CASE(an_older_collector_says_nothing_and_what_it_says_is_shown_as_text) {
  client.SetRaw(cli::kLiveGroup, "{}");
  BOOST_TEST(Run({"version"}) == 0);
  BOOST_TEST(console.output.ends_with("collector          unknown\noperator           unknown\n"));
  BOOST_TEST(console.said.empty(), console.said);
  Serve("\x1b[2J", "");
  BOOST_TEST(Run({"version"}) == 0);
  BOOST_TEST((console.output + console.said).find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(who_of_several_collectors_told_no_version_is_said) {
  const nlohmann::json missing = {{"pairer", "pairer-2"}, {"reason", "it has no address"}};
  client.SetRaw(cli::kLiveGroup,
                nlohmann::json{{"trafficTap",
                                {{"collectorVersion", TRAFFICTAP_VERSION},
                                 {"partial", {{"missing", nlohmann::json::array({missing})}}}}}}
                    .dump());
  BOOST_TEST(Run({"version"}) == 0);
  const std::string warning =
      "warning: versions are missing of the pairers pairer-2 (it has no address)\n";
  BOOST_TEST(console.said == warning);
  standalone = true;
  client.SetRaw("/api/v1/taps",
                nlohmann::json{{"taps", nlohmann::json::array()},
                               {"partial", {{"missing", nlohmann::json::array({missing})}}}}
                    .dump());
  BOOST_TEST(Run({"version", "--collector", "http://127.0.0.1:1"}) == 0);
  BOOST_TEST(console.said == warning);
}

BOOST_AUTO_TEST_CASE(without_a_cluster_its_own_version_is_printed) {
  reachable = absl::NotFoundError("read kubeconfig: no file");
  BOOST_TEST(Run({"version"}) == 0);
  BOOST_TEST(console.output == kOwnLine);
  BOOST_TEST(Said("not known: read kubeconfig: no file"));
  reachable = absl::OkStatus();
  BOOST_TEST(Run({"version"}) == 0);  // the path is not served
  BOOST_TEST(console.output == kOwnLine);
  BOOST_TEST(!console.said.empty());
}

BOOST_AUTO_TEST_CASE(its_own_version_alone_needs_no_cluster) {
  BOOST_TEST(Run({"version", "--client"}) == 0);
  BOOST_TEST(console.output == kOwnLine);
  BOOST_TEST(Run({"--version"}) == 0);
  BOOST_TEST(console.output == kOwnLine);
  BOOST_TEST(connections == 0);
}

BOOST_AUTO_TEST_CASE(a_collector_without_kubernetes_has_no_operator) {
  standalone = true;
  client.SetRaw("/api/v1/taps", R"({"taps":[],"collector":{"version":"0.0.9"}})");
  BOOST_TEST(Run({"version", "--collector", "http://127.0.0.1:1"}) == 0);
  BOOST_TEST(console.output == std::string(kOwnLine) + "collector          0.0.9\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
