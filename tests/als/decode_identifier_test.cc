// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>

#include "als/entry_protos.h"

namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test
using Identifier = StreamAccessLogsMessage::Identifier;

// As istio-agent writes it, with the 60 kB of extensions that Envoy adds.
Identifier OfSidecar() {
  Identifier identifier;
  identifier.set_log_name("traffictap");
  auto* node = identifier.mutable_node();
  node->set_id("sidecar~10.1.2.3~cart-abc-1.shop~shop.svc.cluster.local");
  node->set_cluster("cart.shop");
  auto& fields = *node->mutable_metadata()->mutable_fields();
  fields["NAME"].set_string_value("cart-abc-1");
  fields["NAMESPACE"].set_string_value("shop");
  fields["WORKLOAD_NAME"].set_string_value("cart");
  fields["SERVICE_ACCOUNT"].set_string_value("cart-sa");
  fields["CLUSTER_ID"].set_string_value("Kubernetes");
  auto& labels = *fields["LABELS"].mutable_struct_value()->mutable_fields();
  labels["app"].set_string_value("cart");
  labels["version"].set_string_value("v1");
  for (int i = 0; i < 500; ++i) {
    auto* extension = node->add_extensions();
    extension->set_name("envoy.filters.http.extension_number_" + std::to_string(i));
    extension->set_category(std::string(80, 'c'));
  }
  return identifier;
}

size_t KeptBytes(const traffic::Node& node) {
  size_t bytes = 0;
  for (const auto* text : {&node.id, &node.cluster, &node.proxy_type, &node.ip, &node.pod, &node.ns,
                           &node.workload, &node.service_account, &node.cluster_id}) {
    bytes += text->size();
  }
  for (const auto& [key, value] : node.labels) bytes += key.size() + value.size();
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(decode_identifier)

BOOST_AUTO_TEST_CASE(knows_every_address_of_the_pod_and_its_network) {
  auto identifier = OfSidecar();
  BOOST_TEST(DecodeIdentifier(identifier.SerializeAsString()).addresses.size() == 1u);
  auto& fields = *identifier.mutable_node()->mutable_metadata()->mutable_fields();
  fields["INSTANCE_IPS"].set_string_value("10.1.2.3,fd00::3,,no-address");
  fields["NETWORK"].set_string_value("east");
  const traffic::Node node = DecodeIdentifier(identifier.SerializeAsString());
  BOOST_REQUIRE(node.addresses.size() == 2u);
  BOOST_TEST(node.addresses[0].IpString() == "10.1.2.3");
  BOOST_TEST(node.addresses[1].IpString() == "fd00::3");
  BOOST_TEST(node.network == "east");
}

BOOST_AUTO_TEST_CASE(knows_its_zone_by_its_locality_or_else_by_its_label) {
  auto identifier = OfSidecar();
  auto& labels = *(*identifier.mutable_node()->mutable_metadata()->mutable_fields())["LABELS"]
                      .mutable_struct_value()
                      ->mutable_fields();
  BOOST_TEST(DecodeIdentifier(identifier.SerializeAsString()).zone.empty());
  labels["topology.kubernetes.io/zone"].set_string_value("eu-1b");
  BOOST_TEST(DecodeIdentifier(identifier.SerializeAsString()).zone == "eu-1b");
  identifier.mutable_node()->mutable_locality()->set_region("eu-1");
  identifier.mutable_node()->mutable_locality()->set_zone("eu-1a");
  BOOST_TEST(DecodeIdentifier(identifier.SerializeAsString()).zone == "eu-1a");
}

BOOST_AUTO_TEST_CASE(a_proxy_that_does_not_know_its_zone_has_that_of_its_node) {
  als::ZoneTable zones;
  zones.Set({{"node-1", "eu-1a"}});
  auto identifier = OfSidecar();
  auto& fields = *identifier.mutable_node()->mutable_metadata()->mutable_fields();
  BOOST_TEST(DecodeIdentifier(identifier.SerializeAsString(), &zones).zone.empty());
  fields["NODE_NAME"].set_string_value("node-1");
  BOOST_TEST(DecodeIdentifier(identifier.SerializeAsString(), &zones).zone == "eu-1a");
  BOOST_TEST(DecodeIdentifier(identifier.SerializeAsString()).zone.empty());
  fields["NODE_NAME"].set_string_value("node-2");
  BOOST_TEST(DecodeIdentifier(identifier.SerializeAsString(), &zones).zone.empty());
  fields["NODE_NAME"].set_string_value("node-1");
  (*fields["LABELS"].mutable_struct_value()->mutable_fields())["topology.kubernetes.io/zone"]
      .set_string_value("eu-1b");
  BOOST_TEST(DecodeIdentifier(identifier.SerializeAsString(), &zones).zone == "eu-1b");
  identifier.mutable_node()->mutable_locality()->set_zone("eu-1c");
  BOOST_TEST(DecodeIdentifier(identifier.SerializeAsString(), &zones).zone == "eu-1c");
}

BOOST_AUTO_TEST_CASE(the_version_is_what_istio_takes_for_the_revision) {
  traffic::Node node;
  BOOST_TEST(traffic::VersionOf(node).empty());
  node.labels["version"] = "v1";
  BOOST_TEST(traffic::VersionOf(node) == "v1");
  node.labels["app.kubernetes.io/version"] = "2.0";
  BOOST_TEST(traffic::VersionOf(node) == "2.0");
  node.labels["service.istio.io/canonical-revision"] = "v3";
  BOOST_TEST(traffic::VersionOf(node) == "v3");
}

BOOST_AUTO_TEST_CASE(keeps_at_most_sixteen_addresses) {
  auto identifier = OfSidecar();
  std::string many;
  for (int i = 0; i < 100; ++i) many += "10.9.0." + std::to_string(i) + ",";
  (*identifier.mutable_node()->mutable_metadata()->mutable_fields())["INSTANCE_IPS"]
      .set_string_value(many);
  BOOST_TEST(DecodeIdentifier(identifier.SerializeAsString()).addresses.size() == 16u);
}

BOOST_AUTO_TEST_CASE(keeps_what_is_needed_of_a_sidecars_62_kilobytes) {
  const std::string bytes = OfSidecar().SerializeAsString();
  BOOST_TEST(bytes.size() > 60'000);
  const traffic::Node node = DecodeIdentifier(bytes);
  BOOST_TEST(node.id == "sidecar~10.1.2.3~cart-abc-1.shop~shop.svc.cluster.local");
  BOOST_TEST(node.cluster == "cart.shop");
  BOOST_TEST(node.proxy_type == "sidecar");
  BOOST_TEST(node.ip == "10.1.2.3");
  BOOST_TEST(node.pod == "cart-abc-1");
  BOOST_TEST(node.ns == "shop");
  BOOST_TEST(node.workload == "cart");
  BOOST_TEST(node.service_account == "cart-sa");
  BOOST_TEST(node.cluster_id == "Kubernetes");
  BOOST_TEST(node.labels.at("version") == "v1");
  BOOST_TEST(KeptBytes(node) < 300);
}

BOOST_AUTO_TEST_CASE(reads_pod_and_namespace_from_the_id_alone) {
  Identifier identifier;
  identifier.mutable_node()->set_id("router~fd00::1~gw.1.edge~edge.svc.cluster.local");
  const traffic::Node node = DecodeIdentifier(identifier.SerializeAsString());
  BOOST_TEST(node.proxy_type == "router");
  BOOST_TEST(node.ip == "fd00::1");
  BOOST_TEST(node.pod == "gw.1");
  BOOST_TEST(node.ns == "edge");
}

BOOST_AUTO_TEST_CASE(takes_an_envoy_outside_of_istio_as_it_names_itself) {
  Identifier identifier;
  identifier.mutable_node()->set_id("my-envoy");
  identifier.mutable_node()->set_cluster("front");
  const traffic::Node node = DecodeIdentifier(identifier.SerializeAsString());
  BOOST_TEST(node.pod == "my-envoy");
  BOOST_TEST(node.workload == "front");
  BOOST_TEST(node.ns == "default");
  BOOST_TEST(node.proxy_type.empty());
}

BOOST_AUTO_TEST_CASE(takes_ids_that_only_look_like_istios) {
  for (const char* id : {"~", "~~", "a~b", "a~b~", "a~b~c", "~~.~", "a~b~.ns~"}) {
    Identifier identifier;
    identifier.mutable_node()->set_id(id);
    BOOST_TEST(DecodeIdentifier(identifier.SerializeAsString()).id == id);
  }
}

BOOST_AUTO_TEST_CASE(keeps_what_stands_before_a_break) {
  Identifier identifier;
  identifier.mutable_node()->set_id("my-envoy");
  const traffic::Node node = DecodeIdentifier(identifier.SerializeAsString() + "\xff");
  BOOST_TEST(node.pod == "my-envoy");
  BOOST_TEST(DecodeIdentifier("\xff\xff").ns == "default");
  BOOST_TEST(DecodeIdentifier("").pod.empty());
}

BOOST_AUTO_TEST_CASE(text_that_is_no_utf8_is_kept_up_to_there) {
  // Identifier { node { id } }
  const std::string bytes =
      "\x0a\x06\x0a\x04"
      "my\xffx";
  BOOST_TEST(DecodeIdentifier(bytes).id == "my");
}

BOOST_AUTO_TEST_CASE(metadata_of_another_kind_says_nothing) {
  Identifier identifier;
  auto& fields = *identifier.mutable_node()->mutable_metadata()->mutable_fields();
  fields["WORKLOAD_NAME"].set_number_value(1);
  fields["LABELS"].set_string_value("x");
  const traffic::Node node = DecodeIdentifier(identifier.SerializeAsString());
  BOOST_TEST(node.workload.empty());
  BOOST_TEST(node.labels.empty());
}

BOOST_AUTO_TEST_CASE(a_hostile_identifier_is_cut_to_a_bound) {
  Identifier identifier;
  const std::string large(1 << 20, 'x');
  identifier.mutable_node()->set_id("sidecar~" + large + "~" + large + "~");
  identifier.mutable_node()->set_cluster(large);
  auto& fields = *identifier.mutable_node()->mutable_metadata()->mutable_fields();
  for (const char* key : {"NAME", "NAMESPACE", "WORKLOAD_NAME", "SERVICE_ACCOUNT", "CLUSTER_ID"}) {
    fields[key].set_string_value(large);
  }
  auto& labels = *fields["LABELS"].mutable_struct_value()->mutable_fields();
  for (int i = 0; i < 1000; ++i)
    labels[std::to_string(i) + std::string(5000, 'k')].set_string_value("v");
  BOOST_TEST(KeptBytes(DecodeIdentifier(identifier.SerializeAsString())) < 300'000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
