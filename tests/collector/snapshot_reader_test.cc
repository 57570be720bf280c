// SPDX-License-Identifier: Apache-2.0
#include "collector/snapshot_reader.h"

#include <boost/test/unit_test.hpp>

#include "collector/collector_report.h"
#include "tap/schema_version.h"

namespace traffictap {

namespace {

void AddTap(const std::string& name, int64_t generation, const std::string& direction,
            v1::DiscoverySnapshot* snapshot) {
  auto* compiled = snapshot->add_taps();
  compiled->set_tap("shop/" + name);
  compiled->set_uid("uid-" + name);
  compiled->set_generation(generation);
  compiled->set_document(
      R"({"apiVersion":"traffictap.io/v1alpha1","kind":"TrafficTap","metadata":{"name":")" + name +
      R"(","namespace":"shop"},"spec":{"direction":")" + direction +
      R"(","outputs":[{"name":"out","type":"Stdout"}]}})");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(snapshot_reader)

BOOST_AUTO_TEST_CASE(the_last_good_version_of_a_bad_tap_stays_until_its_tap_goes) {
  collector::SnapshotReader reader;
  v1::DiscoverySnapshot good;
  AddTap("a", 1, "Inbound", &good);
  BOOST_TEST(reader.Read(good).taps.size() == 1u);
  v1::DiscoverySnapshot bad;
  AddTap("a", 2, "Sideways", &bad);
  const auto reading = reader.Read(bad);
  BOOST_REQUIRE(reading.taps.size() == 1u);
  BOOST_TEST((reading.taps[0]->direction == tap::Direction::kInbound));
  BOOST_REQUIRE(reading.faults.size() == 1u);
  BOOST_TEST(reading.faults[0].tap == "shop/a");
  BOOST_TEST(reader.Read({}).taps.empty());
  BOOST_TEST(reader.Read(bad).taps.empty());
}

BOOST_AUTO_TEST_CASE(other_peers_make_another_version_of_the_same_document) {
  collector::SnapshotReader reader;
  v1::DiscoverySnapshot snapshot;
  AddTap("a", 1, "Inbound", &snapshot);
  const auto alone = reader.Read(snapshot).taps[0];
  BOOST_TEST(alone->known_peers.empty());
  auto* peer = snapshot.mutable_taps(0)->add_peers();
  peer->set_namespace_("shop");
  peer->set_workload("cart");
  peer->set_attached(true);
  peer->set_network("east");
  peer->add_addresses("10.0.0.1");
  const auto with = reader.Read(snapshot).taps[0];
  const std::vector<tap::KnownPeer> expected = {{"shop", "cart", true, "east", {"10.0.0.1"}}};
  BOOST_TEST((with->known_peers == expected));
  BOOST_TEST(with->content_hash != alone->content_hash);
  BOOST_TEST(reader.Read(snapshot).taps[0]->content_hash == with->content_hash);
}

BOOST_AUTO_TEST_CASE(a_document_that_did_not_change_is_not_parsed_again) {
  collector::SnapshotReader reader;
  v1::DiscoverySnapshot snapshot;
  AddTap("a", 1, "Inbound", &snapshot);
  const auto first = reader.Read(snapshot).taps[0];
  snapshot.mutable_taps(0)->set_generation(2);
  BOOST_TEST((reader.Read(snapshot).taps[0] == first));
  v1::CollectorReport report;
  report.add_taps()->set_tap("shop/a");
  reader.Identify(&report);
  BOOST_TEST(report.taps(0).generation() == 2);
  v1::DiscoverySnapshot edited;
  AddTap("a", 3, "Outbound", &edited);
  const auto other = reader.Read(edited).taps[0];
  BOOST_TEST((other->direction == tap::Direction::kOutbound));
  BOOST_TEST((reader.Read(snapshot).taps[0]->direction == tap::Direction::kInbound));
}

BOOST_AUTO_TEST_CASE(a_report_names_the_version_that_is_in_force) {
  collector::SnapshotReader reader;
  v1::DiscoverySnapshot snapshot;
  AddTap("a", 1, "Inbound", &snapshot);
  reader.Read(snapshot);
  snapshot.clear_taps();
  AddTap("a", 2, "Sideways", &snapshot);
  reader.Read(snapshot);
  v1::CollectorReport report;
  report.add_taps()->set_tap("shop/a");
  report.add_taps()->set_tap("shop/unknown");
  reader.Identify(&report);
  BOOST_TEST(report.taps(0).uid() == "uid-a");
  BOOST_TEST(report.taps(0).generation() == 1);
  BOOST_TEST(report.taps(1).uid().empty());
}

namespace {

v1::DiscoverySnapshot WithField(int schema_version, const std::string& spec) {
  v1::DiscoverySnapshot out;
  out.set_schema_version(schema_version);
  auto* compiled = out.add_taps();
  compiled->set_tap("shop/a");
  compiled->set_document(
      R"({"apiVersion":"traffictap.io/v1alpha1","kind":"TrafficTap","metadata":{"name":"a",)"
      R"("namespace":"shop"},"spec":{"outputs":[{"name":"out","type":"Stdout"}],)" +
      spec + "}}");
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_field_of_a_newer_operators_is_passed_over_with_a_warning) {
  for (const char* spec :
       {R"("fancy":1)", R"("match":{"fancy":["a"]})", R"("sampling":{"fancy":{"deep":[1]}})"}) {
    collector::SnapshotReader reader;
    const auto reading = reader.Read(WithField(tap::kSchemaVersion + 1, spec));
    BOOST_TEST(reading.taps.size() == 1u, spec);
    BOOST_TEST(reading.faults.empty(), spec);
    BOOST_REQUIRE(reading.warnings.size() == 1u);
    BOOST_TEST(reading.warnings[0].tap == "shop/a");
    BOOST_TEST(Message(reading.warnings[0].status).find("fancy: UnknownField") !=
               std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_warning_comes_with_each_snapshot_and_goes_with_the_newer_operator) {
  collector::SnapshotReader reader;
  for (int i = 0; i < 2; ++i) {
    const auto reading = reader.Read(WithField(tap::kSchemaVersion + 1, R"("fancy":1)"));
    BOOST_TEST(reading.warnings.size() == 1u);
    BOOST_TEST(reading.faults.empty());
  }
  const auto reading = reader.Read(WithField(tap::kSchemaVersion, R"("fancy":1)"));
  BOOST_TEST(reading.taps.size() == 1u);
  BOOST_TEST(reading.warnings.empty());
  BOOST_TEST(reading.faults.size() == 1u);
}

// Without it the records would show what it hides.
BOOST_AUTO_TEST_CASE(a_newer_operators_way_to_redact_is_not_passed_over) {
  collector::SnapshotReader reader;
  const auto reading =
      reader.Read(WithField(tap::kSchemaVersion + 1, R"("redaction":{"fancy":true})"));
  BOOST_TEST(reading.taps.empty());
  BOOST_REQUIRE(reading.faults.size() == 1u);
  BOOST_TEST(Message(reading.faults[0].status).find("spec.redaction.fancy") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_field_that_no_operator_of_this_version_knows_is_a_mistake) {
  for (const int version : {0, tap::kSchemaVersion}) {
    collector::SnapshotReader reader;
    const auto reading = reader.Read(WithField(version, R"("fancy":1)"));
    BOOST_TEST(reading.taps.empty());
    BOOST_TEST(reading.faults.size() == 1u);
    BOOST_TEST(reading.warnings.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_tap_that_comes_twice_counts_once) {
  collector::SnapshotReader reader;
  v1::DiscoverySnapshot snapshot;
  AddTap("a", 1, "Inbound", &snapshot);
  AddTap("a", 2, "Outbound", &snapshot);
  BOOST_TEST(reader.Read(snapshot).taps.size() == 1u);
}

BOOST_AUTO_TEST_CASE(zones_are_read_by_node) {
  v1::DiscoverySnapshot snapshot;
  BOOST_TEST(collector::ReadZones(snapshot).empty());
  auto* zone = snapshot.add_zones();
  zone->set_name("eu-1a");
  zone->add_nodes("node-1");
  zone->add_nodes("node-2");
  const auto zones = collector::ReadZones(snapshot);
  BOOST_TEST(zones.size() == 2u);
  BOOST_TEST(zones.at("node-2") == "eu-1a");
}

BOOST_AUTO_TEST_CASE(no_pace_stops_streams_from_growing_old_or_ends_them_sooner) {
  v1::StreamPace pace;
  BOOST_TEST(collector::ReadPace(pace) == 0.001);
  pace.set_per_mille(250);
  BOOST_TEST(collector::ReadPace(pace) == 0.25);
  pace.set_per_mille(4000);
  BOOST_TEST(collector::ReadPace(pace) == 1);
}

BOOST_AUTO_TEST_CASE(a_tap_with_a_maximum_is_leased_where_both_ends_know_of_leases) {
  v1::DiscoverySnapshot snapshot;
  AddTap("a", 1, "Inbound", &snapshot);
  AddTap("b", 1, "Inbound", &snapshot);
  std::string* document = snapshot.mutable_taps(1)->mutable_document();
  document->insert(document->find(R"("direction")"), R"("limits":{"maxRecords":10},)");
  collector::SnapshotReader alone;
  collector::SnapshotReader shares(true);
  const auto without = shares.Read(snapshot).taps;
  snapshot.set_grants_leases(true);
  const auto with = shares.Read(snapshot).taps;
  BOOST_REQUIRE(with.size() == 2u);
  BOOST_TEST(without[1]->lease == "");
  BOOST_TEST(with[0]->lease == "");
  BOOST_TEST(with[1]->lease == "uid-b");
  BOOST_TEST(with[0]->content_hash == without[0]->content_hash);
  BOOST_TEST(with[1]->content_hash != without[1]->content_hash);
  const auto all = alone.Read(snapshot).taps;
  BOOST_TEST(all[1]->lease == "");
  BOOST_TEST(all[1]->content_hash == without[1]->content_hash);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
