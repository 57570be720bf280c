// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>

#include "tap/parse_tap.h"
#include "tap/parsing.h"

namespace traffictap {
namespace {

using namespace tap;  // NOLINT: the names of the unit under test

constexpr const char* kTarget = "spec.targets[0]";

}  // namespace

BOOST_AUTO_TEST_SUITE(parse_targets)

BOOST_AUTO_TEST_CASE(reads_every_kind_with_name_and_selector) {
  const auto tap = GoodSpec(
      "  targets:\n  - {kind: Workload, name: cart}\n  - {kind: Pod, selector: {app: cart, tier: "
      "''}}\n"
      "  - {kind: Namespace}\n  - {kind: Gateway, name: a.b-c, selector: {x.io/y: 'true'}}\n");
  BOOST_REQUIRE(tap->targets.size() == 4);
  BOOST_CHECK(tap->targets[0].kind == TargetKind::kWorkload);
  BOOST_TEST(tap->targets[0].name == "cart");
  BOOST_CHECK(tap->targets[1].kind == TargetKind::kPod);
  BOOST_CHECK(tap->targets[1].selector == (Labels{{"app", "cart"}, {"tier", ""}}));
  BOOST_CHECK(tap->targets[2].kind == TargetKind::kNamespace);
  BOOST_CHECK(tap->targets[3].kind == TargetKind::kGateway);
  BOOST_TEST(tap->targets[3].selector.at("x.io/y") == "true");
}

BOOST_AUTO_TEST_CASE(reads_what_kubectl_calls_a_workload_and_a_service) {
  const auto tap = GoodSpec(
      "  targets: [{kind: Deployment, name: a}, {kind: ReplicaSet, name: a-5d9c}, {kind: Job, "
      "name: "
      "j}, {kind: DeploymentConfig, selector: {a: b}}, {kind: Service, name: s}]\n");
  BOOST_REQUIRE(tap->targets.size() == 5);
  BOOST_CHECK(tap->targets[0].kind == TargetKind::kDeployment);
  BOOST_CHECK(tap->targets[1].kind == TargetKind::kReplicaSet);
  BOOST_CHECK(tap->targets[2].kind == TargetKind::kJob);
  BOOST_CHECK(tap->targets[3].kind == TargetKind::kDeploymentConfig);
  BOOST_CHECK(tap->targets[4].kind == TargetKind::kService);
}

BOOST_AUTO_TEST_CASE(a_cluster_taps_target_may_be_held_to_a_namespace) {
  const auto tap = Good(Document("  targets: [{kind: Service, name: a, namespace: shop}]\n", "a",
                                 "ClusterTrafficTap"));
  BOOST_TEST(tap->targets[0].ns == "shop");
  BOOST_TEST(Refuses("  targets: [{kind: Pod, name: a, namespace: b}]\n", kTarget, "Conflict"));
}

BOOST_AUTO_TEST_CASE(a_cluster_tap_names_a_namespace) {
  const auto tap =
      Good(Document("  targets: [{kind: Namespace, name: shop}]\n", "a", "ClusterTrafficTap"));
  BOOST_TEST(tap->targets[0].name == "shop");
}

BOOST_AUTO_TEST_CASE(refuses_targets_that_choose_nothing_or_too_much) {
  BOOST_TEST(Refuses("  targets: [{name: a}]\n", "spec.targets[0].kind", "MissingField"));
  BOOST_TEST(Refuses("  targets: [{kind: Ingress, name: a}]\n", "spec.targets[0].kind"));
  BOOST_TEST(Refuses("  targets: [{kind: Service, selector: {a: b}}]\n", kTarget, "Conflict"));
  BOOST_TEST(
      Refuses("  targets: [{kind: Service, name: a, selector: {a: b}}]\n", kTarget, "Conflict"));
  BOOST_TEST(Refuses("  targets: [{kind: Workload}]\n", kTarget, "MissingField"));
  BOOST_TEST(Refuses("  targets: [{kind: Pod, name: }]\n", kTarget, "MissingField"));
  BOOST_TEST(Refuses("  targets: [{kind: Namespace, name: a}]\n", kTarget, "Conflict"));
  BOOST_TEST(Refuses("  targets: [{kind: Namespace, selector: {a: b}}]\n", kTarget, "Conflict"));
  BOOST_TEST(Refuses("  targets: [{kind: Pod, name: 'A b'}]\n", "spec.targets[0].name"));
  BOOST_TEST(Refuses("  targets: [{kind: Pod, name: 'a..b'}]\n", "spec.targets[0].name"));
  BOOST_TEST(
      Refuses("  targets: [{kind: Pod, selector: {a: [b]}}]\n", "spec.targets[0].selector.a"));
  BOOST_TEST(Refuses("  targets: {kind: Pod}\n", "spec.targets"));
}

BOOST_AUTO_TEST_CASE(refuses_more_targets_than_a_tap_may_have) {
  std::string targets = "  targets:\n";
  for (int i = 0; i < 256; ++i) targets += "  - {kind: Pod, name: a}\n";
  BOOST_TEST(GoodSpec(targets)->targets.size() == 256);
  BOOST_TEST(Refuses(targets + "  - {kind: Pod, name: a}\n", "spec.targets"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(parse_peers)

BOOST_AUTO_TEST_CASE(reads_every_field_of_a_peer) {
  const auto tap = GoodSpec(
      "  peers:\n    include:\n    - {workload: a, namespace: b, principal: 'spiffe://c', ipBlock: "
      "10.0.0.0/8}\n"
      "    exclude:\n    - {workload: d}\n    - {ipBlock: 'fd00::/8'}\n");
  BOOST_REQUIRE(tap->peers.include.size() == 1);
  const Peer& peer = tap->peers.include[0];
  BOOST_TEST(peer.workload == "a");
  BOOST_TEST(peer.ns == "b");
  BOOST_TEST(peer.principal == "spiffe://c");
  BOOST_TEST(peer.ip_block == "10.0.0.0/8");
  BOOST_REQUIRE(tap->peers.exclude.size() == 2);
  BOOST_TEST(tap->peers.exclude[1].ip_block == "fd00::/8");
}

BOOST_AUTO_TEST_CASE(reads_which_peers_to_attach) {
  BOOST_TEST(!GoodSpec("  sampling: {ratio: 1}\n")->peers.attach.has_value());
  BOOST_TEST((GoodSpec("  peers: {attach: Mesh}\n")->peers.attach == PeerAttach::kMesh));
  BOOST_TEST((GoodSpec("  peers: {attach: None}\n")->peers.attach == PeerAttach::kNone));
  BOOST_TEST(
      (GoodSpec("  peers: {attach: SameNamespace}\n")->peers.attach == PeerAttach::kSameNamespace));
  BOOST_TEST(Refuses("  peers: {attach: Everywhere}\n", "spec.peers.attach"));
}

BOOST_AUTO_TEST_CASE(refuses_a_peer_that_is_everyone) {
  BOOST_TEST(Refuses("  peers: {exclude: [{}]}\n", "spec.peers.exclude[0]", "MissingField"));
  BOOST_TEST(
      Refuses("  peers: {exclude: [{workload: }]}\n", "spec.peers.exclude[0]", "MissingField"));
}

BOOST_AUTO_TEST_CASE(refuses_principals_and_blocks_that_are_none) {
  BOOST_TEST(Refuses("  peers: {include: [{principal: cluster.local/ns/a}]}\n",
                     "spec.peers.include[0].principal"));
  for (const char* block :
       {"10.0.0.0", "10.0.0.0/33", "'fd00::/129'", "10.0.0/8", "10.0.0.0/a",
        "'::ffff:10.0.0.0/104'", "\"10.0.0.0\\0/8\"", "a/8", "/8", "10.0.0.0/-1"}) {
    BOOST_TEST(Refuses(std::string("  peers: {include: [{ipBlock: ") + block + "}]}\n",
                       "spec.peers.include[0].ipBlock"),
               block);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(parse_direction_pairing_sampling)

BOOST_AUTO_TEST_CASE(reads_every_direction) {
  const auto direction = [](const std::string& value) {
    return Good(
               "apiVersion: traffictap.io/v1alpha1\nkind: TrafficTap\nmetadata: {name: a}\nspec: "
               "{direction: " +
               value + "}\n")
        ->direction;
  };
  BOOST_CHECK(direction("Inbound") == Direction::kInbound);
  BOOST_CHECK(direction("Outbound") == Direction::kOutbound);
  BOOST_CHECK(direction("Both") == Direction::kBoth);
  BOOST_TEST(Faults("apiVersion: traffictap.io/v1alpha1\nkind: TrafficTap\nmetadata: {name: a}\n"
                    "spec: {direction: inbound}\n")
                 .size() == 1);
}

BOOST_AUTO_TEST_CASE(reads_window_and_orphans_within_their_bounds) {
  const auto tap = GoodSpec("  pairing: {window: 250ms, orphans: Drop}\n");
  BOOST_TEST(tap->pairing.window == 250 * base::kMillisecond);
  BOOST_CHECK(tap->pairing.orphans == OrphanPolicy::kDrop);
  BOOST_TEST(GoodSpec("  pairing: {window: 100ms}\n")->pairing.window == 100 * base::kMillisecond);
  BOOST_TEST(GoodSpec("  pairing: {window: 10m}\n")->pairing.window == 600 * base::kSecond);
  BOOST_TEST(Refuses("  pairing: {window: 99ms}\n", "spec.pairing.window"));
  BOOST_TEST(Refuses("  pairing: {window: 10m1s}\n", "spec.pairing.window"));
  BOOST_TEST(Refuses("  pairing: {window: [1s]}\n", "spec.pairing.window"));
  BOOST_TEST(Refuses("  pairing: {orphans: drop}\n", "spec.pairing.orphans"));
  BOOST_TEST(Refuses("  pairing: 5s\n", "spec.pairing"));
}

BOOST_AUTO_TEST_CASE(reads_ratio_and_what_is_always_kept) {
  const auto tap =
      GoodSpec("  sampling: {ratio: 0.25, alwaysKeep: [Errors, Slow], slowThreshold: 250ms}\n");
  BOOST_TEST(tap->sampling.ratio == 0.25);
  BOOST_TEST(tap->sampling.always_keep_errors);
  BOOST_TEST(tap->sampling.always_keep_slow);
  BOOST_TEST(tap->sampling.slow_threshold == 250 * base::kMillisecond);
  BOOST_TEST(GoodSpec("  sampling: {ratio: 0}\n")->sampling.ratio == 0);
  BOOST_TEST(GoodSpec("  sampling: {ratio: 1}\n")->sampling.ratio == 1);
  BOOST_TEST(GoodSpec("  sampling: {ratio: 1e-7}\n")->sampling.ratio == 1e-7);
  for (const char* ratio :
       {"1.01", "-0.1", "half", "nan", "inf", "0x1", "'0.5 '", "50%", "1e400"}) {
    BOOST_TEST(Refuses(std::string("  sampling: {ratio: ") + ratio + "}\n", "spec.sampling.ratio"),
               ratio);
  }
  BOOST_TEST(Refuses("  sampling: {alwaysKeep: [Fast]}\n", "spec.sampling.alwaysKeep[0]"));
  BOOST_TEST(Refuses("  sampling: {alwaysKeep: Errors}\n", "spec.sampling.alwaysKeep"));
  BOOST_TEST(Refuses("  sampling: {slowThreshold: 0s}\n", "spec.sampling.slowThreshold"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(parse_limits)

BOOST_AUTO_TEST_CASE(reads_every_limit) {
  const auto tap = GoodSpec(
      "  limits: {duration: 1h, startTime: 2026-01-31T12:00:00Z, endTime: "
      "'2026-01-31T14:00:00+01:00', maxRecords: 10, "
      "maxRecordsPerSecond: 5}\n");
  BOOST_TEST(*tap->limits.duration == 3600 * base::kSecond);
  BOOST_TEST(*tap->limits.start_time == 1'769'860'800 * base::kSecond);
  BOOST_TEST(*tap->limits.end_time == *tap->limits.start_time + 3600 * base::kSecond);
  BOOST_TEST(*tap->limits.max_records == 10);
  BOOST_TEST(*tap->limits.max_records_per_second == 5);
}

BOOST_AUTO_TEST_CASE(refuses_limits_beyond_their_bounds) {
  BOOST_TEST(Refuses("  limits: {duration: 999ms}\n", "spec.limits.duration"));
  BOOST_TEST(Refuses("  limits: {duration: 8761h}\n", "spec.limits.duration"));
  for (const char* count :
       {"0", "-1", "1.5", "010", "1e3", "1000000000001", "99999999999999999999", "many"}) {
    BOOST_TEST(
        Refuses(std::string("  limits: {maxRecords: ") + count + "}\n", "spec.limits.maxRecords"),
        count);
  }
  BOOST_TEST(
      Refuses("  limits: {maxRecordsPerSecond: 10000001}\n", "spec.limits.maxRecordsPerSecond"));
  BOOST_TEST(*GoodSpec("  limits: {maxRecords: 1000000000000}\n")->limits.max_records ==
             1'000'000'000'000);
}

BOOST_AUTO_TEST_CASE(refuses_times_that_are_none_or_the_wrong_way_round) {
  for (const char* time : {"today", "2026-01-31", "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z",
                           "infinite-future", "2300-01-01T00:00:00Z", "5"}) {
    BOOST_TEST(
        Refuses(std::string("  limits: {startTime: ") + time + "}\n", "spec.limits.startTime"),
        time);
  }
  BOOST_TEST(Refuses("  limits: {startTime: 2026-01-31T12:00:00Z, endTime: 2026-01-31T12:00:00Z}\n",
                     "spec.limits", "Conflict"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(parse_capture_and_redaction)

BOOST_AUTO_TEST_CASE(reads_captured_headers_in_lower_case) {
  const auto tap =
      GoodSpec("  capture: {requestHeaders: [X-Tenant, accept], responseHeaders: [Server]}\n");
  BOOST_TEST(tap->capture.request_headers == (std::vector<std::string>{"x-tenant", "accept"}),
             boost::test_tools::per_element());
  BOOST_TEST(tap->capture.response_headers == std::vector<std::string>{"server"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(traces_are_captured_unless_the_tap_says_otherwise) {
  BOOST_TEST(GoodSpec("  capture: {requestHeaders: [accept]}\n")->capture.trace);
  BOOST_TEST(!GoodSpec("  capture: {trace: false}\n")->capture.trace);
  for (const char* word : {"True", "TRUE", "yes", "On"}) {
    BOOST_TEST(GoodSpec(std::string("  capture: {trace: ") + word + "}\n")->capture.trace, word);
  }
  for (const char* word : {"False", "FALSE", "No", "off"}) {
    BOOST_TEST(!GoodSpec(std::string("  capture: {trace: ") + word + "}\n")->capture.trace, word);
  }
  for (const char* word : {"1", "tRUE", "y", "[true]"}) {
    BOOST_TEST(Refuses(std::string("  capture: {trace: ") + word + "}\n", "spec.capture.trace"),
               word);
  }
}

BOOST_AUTO_TEST_CASE(reads_how_often_open_streams_are_told_of) {
  BOOST_TEST(!GoodSpec("  capture: {requestHeaders: [x-a]}\n")->capture.open_streams.has_value());
  BOOST_TEST(*GoodSpec("  capture: {openStreams: 10s}\n")->capture.open_streams ==
             10 * base::kSecond);
  for (const char* interval : {"999ms", "2h", "0s", "often", "10"}) {
    BOOST_TEST(Refuses(std::string("  capture: {openStreams: ") + interval + "}\n",
                       "spec.capture.openStreams"),
               interval);
  }
}

BOOST_AUTO_TEST_CASE(refuses_to_capture_credentials_in_any_case) {
  for (const char* header : {"Authorization", "cookie", "SET-COOKIE", "proxy-authorization",
                             "x-api-key", "x-forwarded-client-cert", "x-amz-security-token"}) {
    const std::string fault = Fault(std::string("  capture: {requestHeaders: [") + header + "]}\n");
    BOOST_TEST(fault.find("spec.capture.requestHeaders[0]: InvalidValue: ") == 0, fault);
    BOOST_TEST(
        fault.find("carries credentials and is never captured: remove it") != std::string::npos,
        fault);
    BOOST_TEST(Refuses(std::string("  capture: {responseHeaders: [") + header + "]}\n",
                       "spec.capture.responseHeaders[0]"));
  }
}

BOOST_AUTO_TEST_CASE(refuses_header_names_that_are_none) {
  for (const char* header : {"':path'", "'a b'", "''", "'a,b'", "[a]", "\"a\\n\""}) {
    BOOST_TEST(Refuses(std::string("  capture: {requestHeaders: [") + header + "]}\n",
                       "spec.capture.requestHeaders[0]"),
               header);
  }
}

BOOST_AUTO_TEST_CASE(reads_query_values_and_rules) {
  const auto tap = GoodSpec(
      "  redaction:\n    queryValues: Keep\n    rules:\n    - {pattern: '[0-9]{16}', replacement: "
      "'card'}\n"
      "    - {pattern: '(a)(b)', replacement: '\\2\\1\\0'}\n    - {pattern: x, replacement: ''}\n  "
      "  - {pattern: y}\n");
  BOOST_CHECK(tap->redaction.query_values == QueryValues::kKeep);
  BOOST_REQUIRE(tap->redaction.rules.size() == 4);
  BOOST_TEST(tap->redaction.rules[0].pattern == "[0-9]{16}");
  BOOST_TEST(tap->redaction.rules[0].replacement == "card");
  BOOST_TEST(tap->redaction.rules[2].replacement.empty());
}

BOOST_AUTO_TEST_CASE(refuses_rules_that_cannot_work) {
  BOOST_TEST(Refuses("  redaction: {queryValues: Hide}\n", "spec.redaction.queryValues"));
  BOOST_TEST(Refuses("  redaction: {rules: [{replacement: x}]}\n",
                     "spec.redaction.rules[0].pattern", "MissingField"));
  BOOST_TEST(
      Refuses("  redaction: {rules: [{pattern: '('}]}\n", "spec.redaction.rules[0].pattern"));
  BOOST_TEST(
      Refuses("  redaction: {rules: [{pattern: '(?=a)'}]}\n", "spec.redaction.rules[0].pattern"));
  BOOST_TEST(Refuses("  redaction: {rules: [{pattern: a, replacement: '\\1'}]}\n",
                     "spec.redaction.rules[0].replacement"));
  BOOST_TEST(Refuses("  redaction: {rules: [{pattern: a, replacement: [b]}]}\n",
                     "spec.redaction.rules[0].replacement"));
  BOOST_TEST(
      Refuses("  redaction: {rules: [{pattern: a, replacement: " + std::string(257, 'x') + "}]}\n",
              "spec.redaction.rules[0].replacement"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
