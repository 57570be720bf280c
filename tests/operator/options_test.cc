// SPDX-License-Identifier: Apache-2.0
#include "operator/options.h"

#include <boost/test/unit_test.hpp>
#include <vector>

namespace traffictap {

namespace {

op::ParsedOptions Parse(std::vector<const char*> args) {
  args.insert(args.begin(), "traffictap-operator");
  return op::ParseOptions(static_cast<int>(args.size()), args.data());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(operator_options)

BOOST_AUTO_TEST_CASE(without_flags_an_installation_by_the_chart_is_meant) {
  const auto parsed = Parse({});
  BOOST_TEST(!parsed.exit_code.has_value());
  const op::Options& options = parsed.options;
  BOOST_TEST(options.installation.ns == "traffictap-system");
  BOOST_TEST(options.installation.collector_port == "grpc-als");
  BOOST_TEST(options.leader_election);
  BOOST_TEST(options.discovery.paces_streams);
  BOOST_TEST(options.installation.reads_nodes);
  BOOST_TEST(options.patch_grace == 300 * base::kSecond);
  BOOST_TEST(options.api_remove_after == 0);
  BOOST_TEST(options.api_writes_per_second == 10);
  BOOST_TEST(!options.uninstall);
  BOOST_TEST(!options.check);
}

BOOST_AUTO_TEST_CASE(the_address_for_collectors_is_taken_by_its_former_name) {
  const auto parsed = Parse({"--routes", "127.0.0.1:5"});
  BOOST_TEST(!parsed.exit_code.has_value());
  BOOST_TEST(parsed.options.discovery.address == "127.0.0.1:5");
}

BOOST_AUTO_TEST_CASE(namespaces_stand_attached_by_their_labels_with_the_headers_that_are_named) {
  BOOST_TEST(Parse({}).options.standing_namespaces.empty());
  const auto parsed =
      Parse({"--standing-namespaces", "tier=prod,team=shop", "--standing-request-headers",
             "X-Tenant,x-user", "--standing-response-headers=x-cache"});
  BOOST_TEST(!parsed.exit_code.has_value());
  BOOST_TEST(
      (parsed.options.standing_namespaces == tap::Labels{{"tier", "prod"}, {"team", "shop"}}));
  BOOST_TEST(
      (parsed.options.standing_request_headers == std::vector<std::string>{"x-tenant", "x-user"}));
  BOOST_TEST((parsed.options.standing_response_headers == std::vector<std::string>{"x-cache"}));
  for (const char* wrong :
       {"--standing-namespaces=prod", "--standing-namespaces==prod", "--standing-namespaces=a=b=c",
        "--standing-request-headers=x tenant", "--standing-response-headers=set-cookie"}) {
    BOOST_TEST(Parse({wrong}).exit_code.value_or(0) == 2, wrong);
  }
}

BOOST_AUTO_TEST_CASE(how_often_standing_proxies_tell_of_open_streams_is_never_or_from_1s_to_1h) {
  BOOST_TEST(Parse({}).options.standing_open_streams == 0);
  BOOST_TEST(Parse({"--standing-open-streams=30s"}).options.standing_open_streams ==
             30 * base::kSecond);
  BOOST_TEST(!Parse({"--standing-open-streams=0"}).exit_code.has_value());
  for (const char* wrong : {"500ms", "2h", "often", "30"}) {
    const std::string flag = std::string("--standing-open-streams=") + wrong;
    BOOST_TEST(Parse({flag.c_str()}).exit_code.value_or(0) == 2, wrong);
  }
}

BOOST_AUTO_TEST_CASE(what_it_does_instead_of_running_is_one_thing) {
  BOOST_TEST(Parse({"--check"}).options.check);
  BOOST_TEST(*Parse({"--check", "--uninstall"}).exit_code == 2);
}

BOOST_AUTO_TEST_CASE(every_flag_reaches_its_option) {
  const auto parsed = Parse({"--context",
                             "c",
                             "--namespace",
                             "ns",
                             "--collector-service",
                             "svc",
                             "--collector-port",
                             "p",
                             "--cluster-domain",
                             "d",
                             "--root-namespace",
                             "root",
                             "--destinations-dir",
                             "/dest",
                             "--no-leader-election",
                             "--no-stream-pace",
                             "--no-node-zones",
                             "--uninstall",
                             "--discovery",
                             "1.2.3.4:1",
                             "--discovery-cert",
                             "cert",
                             "--discovery-key",
                             "key",
                             "--discovery-client-ca",
                             "ca",
                             "--http",
                             "1.2.3.4:2",
                             "--istiod-token",
                             "token",
                             "--log-level",
                             "debug",
                             "--log-format",
                             "json",
                             "--kubeconfig",
                             "/dev/null",
                             "--patch-grace",
                             "90s",
                             "--api-remove-after",
                             "2m",
                             "--api-writes-per-second",
                             "50"});
  BOOST_REQUIRE(!parsed.exit_code.has_value());
  const op::Options& o = parsed.options;
  BOOST_TEST(o.kubeconfig.context == "c");
  BOOST_TEST(o.kubeconfig.path == "/dev/null");
  BOOST_TEST(o.installation.ns == "ns");
  BOOST_TEST(o.installation.collector_service == "svc");
  BOOST_TEST(o.installation.collector_port == "p");
  BOOST_TEST(o.installation.cluster_domain == "d");
  BOOST_TEST(o.installation.root_namespace == "root");
  BOOST_TEST(o.installation.destinations_dir == "/dest");
  BOOST_TEST(!o.leader_election);
  BOOST_TEST(!o.discovery.paces_streams);
  BOOST_TEST(!o.installation.reads_nodes);
  BOOST_TEST(o.patch_grace == 90 * base::kSecond);
  BOOST_TEST(o.api_remove_after == 120 * base::kSecond);
  BOOST_TEST(o.api_writes_per_second == 50);
  BOOST_TEST(o.uninstall);
  BOOST_TEST(o.discovery.address == "1.2.3.4:1");
  BOOST_TEST(o.discovery.tls.certificate == "cert");
  BOOST_TEST(o.discovery.tls.key == "key");
  BOOST_TEST(o.discovery.tls.client_ca == "ca");
  BOOST_TEST(o.http.address == "1.2.3.4:2");
  BOOST_TEST(o.istiod.token_file == "token");
  BOOST_TEST(o.log.level == "debug");
  BOOST_TEST(o.log.format == "json");
}

BOOST_AUTO_TEST_CASE(wrong_words_end_with_two_and_help_with_nought) {
  for (const char* wrong :
       {"--nonsense", "--log-format=xml", "--kubeconfig=/nonexistent", "--patch-grace=soon",
        "--api-remove-after=1", "--api-writes-per-second=0", "--api-writes-per-second=1001",
        "--api-writes-per-second=many"}) {
    const auto parsed = Parse({wrong});
    BOOST_TEST(parsed.exit_code.has_value(), wrong);
    BOOST_TEST(parsed.exit_code.value_or(-1) == 2, wrong);
  }
  BOOST_TEST(Parse({"--help"}).exit_code.value_or(-1) == 0);
  BOOST_TEST(Parse({"--version"}).exit_code.has_value());
}

BOOST_AUTO_TEST_CASE(no_grace_is_written_with_or_without_a_unit) {
  BOOST_TEST(Parse({"--patch-grace=0"}).options.patch_grace == 0);
  BOOST_TEST(Parse({"--patch-grace=0s"}).options.patch_grace == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
