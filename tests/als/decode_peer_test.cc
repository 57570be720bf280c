// SPDX-License-Identifier: Apache-2.0
#include "als/decode_peer.h"

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "als/entry_protos.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/wrappers.pb.h"

namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test
using traffic::PeerMesh;
using traffic::Text;

// What the proxies of Istio 1.24 and later store: WorkloadMetadataObject::serializeAsProto.
google::protobuf::Any PeerStruct(const std::string& workload, const std::string& ns) {
  google::protobuf::Struct object;
  auto& fields = *object.mutable_fields();
  fields["type"].set_string_value("deployment");
  fields["workload"].set_string_value(workload);
  fields["name"].set_string_value(workload + "-1");
  fields["cluster"].set_string_value("Kubernetes");
  fields["namespace"].set_string_value(ns);
  fields["service"].set_string_value("service");
  (*fields["labels"].mutable_struct_value()->mutable_fields())["workload"].set_string_value("no");
  google::protobuf::Any any;
  any.PackFrom(object);
  return any;
}

void AppendNumber(std::string* out, uint32_t number, size_t bytes) {
  out->append(reinterpret_cast<const char*>(&number), bytes);
}

// A FlatBuffers table whose fields are the texts, a null pointer being a field that is not there.
std::string FlatNode(const std::vector<const char*>& texts) {
  const auto fields = static_cast<uint32_t>(texts.size());
  const uint32_t vtable_bytes = 4 + 2 * fields;
  std::string out;
  AppendNumber(&out, 4 + vtable_bytes, 4);  // the root table stands behind its vtable
  AppendNumber(&out, vtable_bytes, 2);
  AppendNumber(&out, 4 + 4 * fields, 2);
  for (uint32_t i = 0; i < fields; ++i) AppendNumber(&out, texts[i] == nullptr ? 0 : 4 + 4 * i, 2);
  AppendNumber(&out, vtable_bytes, 4);
  uint32_t next = static_cast<uint32_t>(out.size()) + 4 * fields;
  std::string strings;
  for (uint32_t i = 0; i < fields; ++i) {
    const std::string text = texts[i] == nullptr ? "" : texts[i];
    AppendNumber(
        &out, next + static_cast<uint32_t>(strings.size()) - static_cast<uint32_t>(out.size()), 4);
    AppendNumber(&strings, static_cast<uint32_t>(text.size()), 4);
    strings += text + std::string(4 - text.size() % 4, '\0');
  }
  return out + strings;
}

// What older proxies store: the table in a BytesValue.
google::protobuf::Any PeerFlat(const std::string& buffer) {
  google::protobuf::BytesValue bytes;
  bytes.set_value(buffer);
  google::protobuf::Any any;
  any.PackFrom(bytes);
  return any;
}

PeerNames DecodeFlat(const std::string& buffer, std::string* any) {
  *any = PeerFlat(buffer).SerializeAsString();
  return DecodePeerObject(*any);
}

data::AccessLogCommon OfClient() {
  data::AccessLogCommon common;
  common.set_upstream_cluster("outbound|80||cart.shop.svc.cluster.local");
  return common;
}

data::AccessLogCommon OfServer() {
  data::AccessLogCommon common;
  common.set_upstream_cluster("inbound|8080||");
  return common;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(decode_peer)

BOOST_AUTO_TEST_CASE(reads_the_struct_of_todays_istio) {
  const std::string any = PeerStruct("cart", "shop").SerializeAsString();
  const PeerNames peer = DecodePeerObject(any);
  BOOST_TEST(peer.workload == "cart");
  BOOST_TEST(peer.ns == "shop");
}

BOOST_AUTO_TEST_CASE(reads_the_flat_buffer_of_istio_before_1_24) {
  std::string any;
  const PeerNames peer = DecodeFlat(FlatNode({"cart-1", "shop", nullptr, "owner", "cart"}), &any);
  BOOST_TEST(peer.workload == "cart");
  BOOST_TEST(peer.ns == "shop");
}

BOOST_AUTO_TEST_CASE(a_flat_buffer_without_the_fields_says_nothing) {
  std::string any;
  BOOST_TEST(DecodeFlat(FlatNode({"cart-1"}), &any).empty());
  BOOST_TEST(DecodeFlat(FlatNode({"cart-1", nullptr, nullptr, nullptr, nullptr}), &any).empty());
  BOOST_TEST(DecodeFlat("", &any).empty());
}

BOOST_AUTO_TEST_CASE(a_flat_buffer_cut_or_bent_anywhere_stays_within_its_bytes) {
  const std::string whole = FlatNode({"cart-1", "shop", nullptr, "owner", "cart"});
  std::string any;
  for (size_t at = 0; at < whole.size(); ++at) {
    DecodeFlat(whole.substr(0, at), &any);
    for (int bit = 0; bit < 8; ++bit) {
      std::string bent = whole;
      bent[at] = static_cast<char>(bent[at] ^ (1 << bit));
      const PeerNames peer = DecodeFlat(bent, &any);
      const char* end = any.data() + any.size();
      BOOST_TEST_REQUIRE((peer.ns.empty() || peer.ns.data() + peer.ns.size() <= end));
      BOOST_TEST_REQUIRE(
          (peer.workload.empty() || peer.workload.data() + peer.workload.size() <= end));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_object_of_another_type_says_nothing) {
  google::protobuf::Any any = PeerStruct("cart", "shop");
  any.set_type_url("type.googleapis.com/example.Other");
  const std::string bytes = any.SerializeAsString();
  BOOST_TEST(DecodePeerObject(bytes).empty());
  BOOST_TEST(DecodePeerObject("\xff").empty());
  BOOST_TEST(DecodePeerObject("").empty());
}

BOOST_AUTO_TEST_CASE(a_client_is_told_of_its_upstream_and_a_server_of_its_downstream) {
  for (const bool wasm : {false, true}) {
    const std::string prefix = wasm ? "wasm." : "";
    for (auto common : {OfClient(), OfServer()}) {
      auto& objects = *common.mutable_filter_state_objects();
      objects[prefix + "upstream_peer"] =
          wasm ? PeerFlat(FlatNode({"p", "up-ns", nullptr, "o", "up"})) : PeerStruct("up", "up-ns");
      objects[prefix + "downstream_peer"] =
          wasm ? PeerFlat(FlatNode({"p", "down-ns", nullptr, "o", "down"}))
               : PeerStruct("down", "down-ns");
      const auto decoded = Decode(common);
      const bool client = decoded->facts().reporter == traffic::Reporter::kSource;
      BOOST_TEST(decoded->text(Text::kPeerWorkload) == (client ? "up" : "down"));
      BOOST_TEST(decoded->text(Text::kPeerNamespace) == (client ? "up-ns" : "down-ns"));
      BOOST_CHECK(decoded->facts().peer_mesh == PeerMesh::kMeshed);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_waypoint_that_answers_itself_knows_its_client_from_the_tunnel) {
  const std::string client = "spiffe://cluster.local/ns/shop/sa/client";
  const auto principal = [](data::AccessLogCommon common, const std::string& opener) {
    google::protobuf::StringValue text;
    text.set_value(opener);
    (*common.mutable_filter_state_objects())["io.istio.peer_principal"].PackFrom(text);
    const auto decoded = Decode(common);
    // No proxy is known to be there.
    BOOST_CHECK(decoded->facts().peer_mesh == PeerMesh::kUnknown || common.has_tls_properties());
    return decoded->text(Text::kPeerPrincipal);
  };
  BOOST_TEST(principal(OfServer(), client) == client);
  BOOST_TEST(principal(OfServer(), "client").empty());
  // What it passed on has its server at the other end.
  BOOST_TEST(principal(OfClient(), client).empty());
  auto by_tls = OfServer();
  by_tls.mutable_tls_properties()
      ->mutable_peer_certificate_properties()
      ->add_subject_alt_name()
      ->set_uri("spiffe://cluster.local/ns/shop/sa/other");
  BOOST_TEST(principal(by_tls, client) == "spiffe://cluster.local/ns/shop/sa/other");
}

BOOST_AUTO_TEST_CASE(a_principal_is_a_string_and_nothing_else) {
  google::protobuf::BytesValue bytes;
  bytes.set_value("spiffe://cluster.local/ns/shop/sa/client");
  google::protobuf::Any any;
  any.PackFrom(bytes);
  BOOST_TEST(DecodePrincipalObject(any.SerializeAsString()).empty());
  BOOST_TEST(DecodePrincipalObject("\xff").empty());
  BOOST_TEST(DecodePrincipalObject("").empty());
}

BOOST_AUTO_TEST_CASE(an_object_of_another_filter_refuses_nothing) {
  auto common = OfClient();
  auto& objects = *common.mutable_filter_state_objects();
  objects["upstream_peer"].set_type_url("type.googleapis.com/google.protobuf.Struct");
  objects["upstream_peer"].set_value("\xff\xff");
  objects["other"] = PeerStruct("other", "other");
  const auto decoded = Decode(common);
  BOOST_TEST(decoded->valid);
  BOOST_TEST(decoded->text(Text::kPeerWorkload).empty());
  BOOST_CHECK(decoded->facts().peer_mesh == PeerMesh::kUnknown);
}

BOOST_AUTO_TEST_CASE(the_custom_tags_of_the_tap_tell_the_peer) {
  auto common = OfClient();
  auto& tags = *common.mutable_custom_tags();
  tags["peerWorkload"] = "stock";
  tags["peerNamespace"] = "store";
  tags["tlsMode"] = "istio";
  tags["other"] = "x";
  (*common.mutable_filter_state_objects())["upstream_peer"] = PeerStruct("up", "up-ns");
  const auto decoded = Decode(common);
  BOOST_TEST(decoded->text(Text::kPeerWorkload) == "stock");
  BOOST_TEST(decoded->text(Text::kPeerNamespace) == "store");
  BOOST_CHECK(decoded->facts().peer_mesh == PeerMesh::kMeshed);
}

BOOST_AUTO_TEST_CASE(tls_mode_says_that_a_peer_is_not_meshed_unless_it_showed_a_spiffe_id) {
  auto common = OfClient();
  (*common.mutable_custom_tags())["tlsMode"] = "disabled";
  BOOST_CHECK(Decode(common)->facts().peer_mesh == PeerMesh::kNotMeshed);
  common.mutable_tls_properties()
      ->mutable_peer_certificate_properties()
      ->add_subject_alt_name()
      ->set_uri("spiffe://cluster.local/ns/shop/sa/cart");
  BOOST_CHECK(Decode(common)->facts().peer_mesh == PeerMesh::kMeshed);
}

BOOST_AUTO_TEST_CASE(a_servers_tag_is_of_its_own_endpoint_and_says_nothing_of_its_peer) {
  auto common = OfServer();
  for (const char* mode : {"istio", "disabled", "unknown"}) {
    (*common.mutable_custom_tags())["tlsMode"] = mode;
    BOOST_CHECK(Decode(common)->facts().peer_mesh == PeerMesh::kUnknown);
  }
}

BOOST_AUTO_TEST_CASE(a_peer_that_told_its_metadata_is_meshed_whatever_the_tag_says) {
  for (auto common : {OfClient(), OfServer()}) {
    (*common.mutable_custom_tags())["tlsMode"] = "unknown";
    auto& objects = *common.mutable_filter_state_objects();
    objects["upstream_peer"] = objects["downstream_peer"] = PeerStruct("peer", "elsewhere");
    BOOST_CHECK(Decode(common)->facts().peer_mesh == PeerMesh::kMeshed);
  }
}

BOOST_AUTO_TEST_CASE(nothing_said_is_unknown) {
  BOOST_CHECK(Decode(OfClient())->facts().peer_mesh == PeerMesh::kUnknown);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
