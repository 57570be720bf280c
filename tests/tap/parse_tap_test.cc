// SPDX-License-Identifier: Apache-2.0
#include "tap/parse_tap.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "tap/parsing.h"

namespace traffictap {
namespace {

using namespace tap;  // NOLINT: the names of the unit under test

std::string Metadata(const std::string& metadata, const std::string& kind = "TrafficTap") {
  return "apiVersion: traffictap.io/v1alpha1\nkind: " + kind + "\nmetadata: {" + metadata +
         "}\nspec: {}\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parse_tap_document)

BOOST_AUTO_TEST_CASE(reads_kind_name_and_namespace) {
  const auto tap =
      Good(Metadata("name: errors, namespace: shop, labels: {a: b}, annotations: {c: d}"));
  BOOST_TEST(tap->key() == "shop/errors");
  BOOST_TEST(!tap->cluster_scoped);
  BOOST_TEST(Good(Metadata("name: errors"))->key() == "default/errors");
  const auto cluster = Good(Metadata("name: all", "ClusterTrafficTap"));
  BOOST_TEST(cluster->key() == "all");
  BOOST_TEST(cluster->cluster_scoped);
}

BOOST_AUTO_TEST_CASE(an_empty_spec_has_the_defaults) {
  const auto tap = Good(Metadata("name: a"));
  BOOST_CHECK(tap->direction == Direction::kBoth);
  BOOST_TEST(tap->targets.empty());
  BOOST_TEST((tap->match == MatchSpec()));
  BOOST_TEST(tap->pairing.window == 5 * base::kSecond);
  BOOST_CHECK(tap->pairing.orphans == OrphanPolicy::kEmit);
  BOOST_TEST(tap->sampling.ratio == 1.0);
  BOOST_TEST(!tap->limits.duration.has_value());
  BOOST_CHECK(tap->redaction.query_values == QueryValues::kRedact);
}

BOOST_AUTO_TEST_CASE(takes_a_tap_as_the_api_server_gives_it_back) {
  const auto tap = Good(
      "apiVersion: traffictap.io/v1alpha1\nkind: TrafficTap\nmetadata:\n  name: a\n  uid: x\n  "
      "resourceVersion: '5'\n"
      "  generation: 2\n  creationTimestamp: 2026-01-01T00:00:00Z\n  finalizers: [x]\n  "
      "ownerReferences: [{kind: y}]\n"
      "  managedFields: [{fieldsV1: {'f:spec': {}}}]\nspec: {}\nstatus:\n  conditions: [{type: "
      "Ready}]\n");
  BOOST_TEST(tap->name == "a");
}

BOOST_AUTO_TEST_CASE(names_what_a_document_must_have) {
  const auto faults = Faults("kind: TrafficTap\nmetadata: {namespace: x}\n");
  BOOST_REQUIRE(faults.size() == 3);
  BOOST_TEST(faults[0] == "taps/a.yaml:1: apiVersion: MissingField: is required: add it");
  BOOST_TEST(faults[1] == "taps/a.yaml:2: metadata.name: MissingField: is required: add it");
  BOOST_TEST(faults[2] == "taps/a.yaml:1: spec: MissingField: is required: add it");
}

BOOST_AUTO_TEST_CASE(refuses_other_kinds_and_versions) {
  BOOST_TEST(Faults("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}\n").size() == 2);
  const auto faults = Faults(Metadata("name: a", "Traffictap"));
  BOOST_REQUIRE(faults.size() == 1);
  BOOST_TEST(faults[0] ==
             "taps/a.yaml:2: kind: InvalidValue: must be one of TrafficTap, ClusterTrafficTap");
}

BOOST_AUTO_TEST_CASE(refuses_names_that_kubernetes_refuses) {
  for (const char* name : {"A", "a_b", "-a", "a-", "a.b", "'a b'", "''", "[a]", "a/../b"}) {
    BOOST_TEST(Faults(Metadata(std::string("name: ") + name)).size() == 1, name);
    BOOST_TEST(Faults(Metadata(std::string("name: a, namespace: ") + name)).size() == 1, name);
  }
  BOOST_TEST(Good(Metadata("name: " + std::string(63, 'a')))->name.size() == 63);
  BOOST_TEST(Faults(Metadata("name: " + std::string(64, 'a'))).size() == 1);
}

BOOST_AUTO_TEST_CASE(a_cluster_tap_has_no_namespace) {
  BOOST_TEST(Faults(Metadata("name: a, namespace: b", "ClusterTrafficTap")).size() == 1);
}

BOOST_AUTO_TEST_CASE(an_unknown_field_suggests_the_nearest_known_one) {
  BOOST_TEST(Fault("  direktion: Both\n")
                 .find("spec.direktion: UnknownField: is not a field: did you mean direction?") ==
             0);
  BOOST_TEST(Fault("  match: {responsecodes: ['500']}\n").find("did you mean responseCodes?") !=
             std::string::npos);
  BOOST_TEST(Fault("  xyzzy: 1\n").find("allowed here are targets, targetRefs, direction") !=
             std::string::npos);
  BOOST_TEST(Fault("  '<<': {a: 1}\n").find("spec.<<: UnknownField") == 0);
}

BOOST_AUTO_TEST_CASE(a_duplicate_key_is_a_fault_at_its_own_line) {
  const auto faults =
      Faults(Document("  pairing:\n    window: 1s\n    orphans: Drop\n    window: 2s\n"));
  BOOST_REQUIRE(faults.size() == 1);
  BOOST_TEST(faults[0] ==
             "taps/a.yaml:10: spec.pairing.window: DuplicateKey: is written twice: keep one");
}

BOOST_AUTO_TEST_CASE(reports_every_fault_with_its_line) {
  const auto faults = Faults(Document("  pairing: {window: 5}\n  sampling: {ratio: 2}\n"));
  BOOST_REQUIRE(faults.size() == 2);
  BOOST_TEST(
      faults[0].find("taps/a.yaml:7: spec.pairing.window: InvalidValue: must be a duration") == 0);
  BOOST_TEST(
      faults[1].find(
          "taps/a.yaml:8: spec.sampling.ratio: InvalidValue: must be a number from 0 to 1") == 0);
}

BOOST_AUTO_TEST_CASE(reports_no_more_faults_than_a_person_reads) {
  std::string spec;
  for (int i = 0; i < 5000; ++i) spec += "  unknown" + std::to_string(i) + ": 1\n";
  const auto faults = Faults(Document(spec));
  BOOST_TEST(faults.size() == 101);
  BOOST_TEST(faults.back().find("4900 more faults") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_fault_in_one_document_does_not_touch_the_others) {
  const auto result = ParseTaps(
      "f", Document("", "a") + "---\n" + Document("  x: 1\n", "b") + "---\n" + Document("", "c"));
  BOOST_REQUIRE(result.taps.size() == 2);
  BOOST_TEST(result.taps[1]->name == "c");
  BOOST_TEST(result.errors.size() == 1);
}

BOOST_AUTO_TEST_CASE(two_documents_of_one_name_are_a_conflict) {
  const auto result = ParseTaps("f", Document("", "a") + "---\n" + Document("", "a"));
  BOOST_TEST(result.taps.size() == 1);
  BOOST_REQUIRE(result.errors.size() == 1);
  BOOST_TEST(result.errors[0].reason == "Conflict");
}

BOOST_AUTO_TEST_CASE(takes_the_items_of_a_list_as_kubectl_writes_it) {
  const std::string item = "- apiVersion: traffictap.io/v1alpha1\n  kind: TrafficTap\n";
  const std::string one = item + "  metadata: {name: one, namespace: shop}\n  spec: {}\n";
  const std::string two = item + "  metadata: {name: two}\n  spec: {direction: Inbound}\n";
  const std::string head = "apiVersion: v1\nkind: List\nmetadata: {resourceVersion: ''}\nitems:\n";
  const auto result = ParseTaps("f", head + one + two + "---\n" + Document("", "three"));
  BOOST_TEST(result.errors.empty());
  BOOST_REQUIRE(result.taps.size() == 3);
  BOOST_TEST(result.taps[0]->key() == "shop/one");
  BOOST_CHECK(result.taps[1]->direction == Direction::kInbound);
  // A tap is the same whether it stands alone or in a list.
  BOOST_TEST(result.taps[2]->content_hash == Good(Document("", "three"))->content_hash);
  BOOST_TEST(ParseTaps("f", "apiVersion: v1\nkind: List\nitems: []\n").errors.empty());
}

BOOST_AUTO_TEST_CASE(a_fault_in_an_item_of_a_list_has_its_own_line_and_place) {
  const auto faults = Faults(
      "apiVersion: v1\nkind: List\nitems:\n- apiVersion: traffictap.io/v1alpha1\n"
      "  kind: TrafficTap\n  metadata: {name: a}\n  spec: {direktion: Both}\n- kind: Pod\n");
  BOOST_REQUIRE(faults.size() == 5);
  BOOST_TEST(faults[0] ==
             "taps/a.yaml:7: items[0].spec.direktion: UnknownField: is not a field: did you mean "
             "direction?");
  BOOST_TEST(faults[2].find("items[1].kind: InvalidValue") != std::string::npos);
  BOOST_TEST(Faults("apiVersion: v1\nkind: List\n").size() == 1);
}

BOOST_AUTO_TEST_CASE(broken_yaml_is_a_fault_and_no_exception) {
  const auto result = ParseTaps("f", "a: [\n");
  BOOST_REQUIRE(result.errors.size() == 1);
  BOOST_TEST(result.errors[0].reason == "Syntax");
  BOOST_TEST(ParseTaps("f", "").errors.empty());
  BOOST_TEST(!ParseTaps("f", "just text").errors.empty());
  BOOST_TEST(!ParseTaps("f", "[a, b]").errors.empty());
}

BOOST_AUTO_TEST_CASE(the_hash_follows_the_spec_and_not_the_status) {
  const auto hash = [](const std::string& text) { return Good(text)->content_hash; };
  const std::string text = Document("  pairing: {window: 1s}\n");
  BOOST_TEST(hash(text) == hash(text + "status: {observedGeneration: 7}\n"));
  BOOST_TEST(hash(text) == hash("# comment\n" + text));
  BOOST_TEST(hash(text) != hash(Document("  pairing: {window: 2s}\n")));
  BOOST_TEST(hash(text) != hash(Document("  pairing: {window: 1s}\n", "other")));
  BOOST_TEST(hash(text) !=
             hash(Document("  pairing: {window: 1s}\n", "errors", "ClusterTrafficTap")));
  BOOST_TEST(hash(Document("  targets: [{kind: Pod, selector: {status: a}}]\n")) !=
             hash(Document("  targets: [{kind: Pod, selector: {status: b}}]\n")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
