// SPDX-License-Identifier: Apache-2.0
#include "als/decode_common.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "als/entry_protos.h"

namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test
using traffic::LogMoment;
using traffic::PeerMesh;
using traffic::Reporter;
using traffic::Text;

}  // namespace

BOOST_AUTO_TEST_SUITE(decode_common)

BOOST_AUTO_TEST_CASE(reads_every_time_into_its_own_place) {
  data::AccessLogCommon common;
  common.mutable_start_time()->set_seconds(1'700'000'000);
  common.mutable_start_time()->set_nanos(123);
  SetSeconds(common.mutable_time_to_last_rx_byte(), 0, 1);
  SetSeconds(common.mutable_time_to_first_upstream_tx_byte(), 0, 2);
  SetSeconds(common.mutable_time_to_last_upstream_tx_byte(), 0, 3);
  SetSeconds(common.mutable_time_to_first_upstream_rx_byte(), 0, 4);
  SetSeconds(common.mutable_time_to_last_upstream_rx_byte(), 0, 5);
  SetSeconds(common.mutable_time_to_first_downstream_tx_byte(), 0, 6);
  SetSeconds(common.mutable_time_to_last_downstream_tx_byte(), 0, 7);
  SetSeconds(common.mutable_duration(), 3, 8);
  const auto decoded = Decode(common);
  const auto& facts = decoded->facts();
  BOOST_TEST(facts.start_time == 1'700'000'000'000'000'123);
  BOOST_TEST(facts.last_rx_byte == 1);
  BOOST_TEST(facts.first_upstream_tx_byte == 2);
  BOOST_TEST(facts.last_upstream_tx_byte == 3);
  BOOST_TEST(facts.first_upstream_rx_byte == 4);
  BOOST_TEST(facts.last_upstream_rx_byte == 5);
  BOOST_TEST(facts.first_downstream_tx_byte == 6);
  BOOST_TEST(facts.last_downstream_tx_byte == 7);
  BOOST_TEST(facts.duration == 3'000'000'008);
}

BOOST_AUTO_TEST_CASE(a_policy_that_is_only_tried_counts_if_any_denies) {
  const auto tried = [](std::map<std::string, std::string> tags) {
    data::AccessLogCommon common;
    for (const auto& [name, value] : tags) (*common.mutable_custom_tags())[name] = value;
    const auto decoded = Decode(common);
    const auto result = decoded->facts().dry_run;
    return (result == traffic::DryRunResult::kDenied    ? "denied "
            : result == traffic::DryRunResult::kAllowed ? "allowed "
                                                        : "none ") +
           decoded->text(Text::kDryRunPolicy);
  };
  BOOST_TEST(tried({{"tlsMode", "istio"}}) == "none ");
  BOOST_TEST(tried({{"dryRunDeny", "allowed"}}) == "allowed ");
  BOOST_TEST(tried({{"dryRunDeny", "denied"}, {"dryRunDenyPolicy", "d"}}) == "denied d");
  BOOST_TEST(tried({{"dryRunAllow", "allowed"}, {"dryRunAllowPolicy", "a"}}) == "allowed a");
  BOOST_TEST(tried({{"dryRunAllow", "denied"}, {"dryRunDeny", "allowed"}}) == "denied ");
  BOOST_TEST(tried({{"dryRunAllow", "allowed"},
                    {"dryRunAllowPolicy", "a"},
                    {"dryRunDeny", "denied"},
                    {"dryRunDenyPolicy", "d"}}) == "denied d");
  BOOST_TEST(tried({{"dryRunDeny", "perhaps"}}) == "none ");
}

BOOST_AUTO_TEST_CASE(a_time_that_is_not_there_is_absent_and_one_of_zero_is_zero) {
  data::AccessLogCommon common;
  common.mutable_duration();
  const auto decoded = Decode(common);
  BOOST_TEST(decoded->facts().duration == 0);
  BOOST_TEST(decoded->facts().last_rx_byte == traffic::kAbsent);
  BOOST_TEST(decoded->facts().start_time == 0);
}

BOOST_AUTO_TEST_CASE(a_time_that_no_proxy_can_have_measured_is_absent) {
  for (const auto& [seconds, nanos] : {std::pair<int64_t, int32_t>{-1, 0},
                                       {0, -1},
                                       {INT64_MAX, 0},
                                       {INT64_MIN, 0},
                                       {int64_t{1} << 32, 0},
                                       {1, 1'000'000'000}}) {
    data::AccessLogCommon common;
    SetSeconds(common.mutable_duration(), seconds, nanos);
    common.mutable_start_time()->set_seconds(seconds);
    common.mutable_start_time()->set_nanos(nanos);
    const auto decoded = Decode(common);
    BOOST_TEST(decoded->valid);
    BOOST_TEST(decoded->facts().duration == traffic::kAbsent);
    BOOST_TEST(decoded->facts().start_time == 0);
  }
}

BOOST_AUTO_TEST_CASE(reads_every_address_into_its_own_place) {
  data::AccessLogCommon common;
  SetAddress(common.mutable_downstream_remote_address(), "10.0.0.1", 1);
  SetAddress(common.mutable_downstream_direct_remote_address(), "10.0.0.2", 2);
  SetAddress(common.mutable_downstream_local_address(), "10.0.0.3", 3);
  SetAddress(common.mutable_upstream_local_address(), "fd00::4", 4);
  SetAddress(common.mutable_upstream_remote_address(), "::ffff:10.0.0.5", 65535);
  const auto decoded = Decode(common);
  const auto& facts = decoded->facts();
  BOOST_TEST(facts.downstream_remote.ToString() == "10.0.0.1:1");
  BOOST_TEST(facts.downstream_direct_remote.ToString() == "10.0.0.2:2");
  BOOST_TEST(facts.downstream_local.ToString() == "10.0.0.3:3");
  BOOST_TEST(facts.upstream_local.ToString() == "[fd00::4]:4");
  BOOST_TEST(facts.upstream_remote.ToString() == "10.0.0.5:65535");
}

BOOST_AUTO_TEST_CASE(what_is_no_ip_address_is_absent) {
  data::AccessLogCommon common;
  common.mutable_downstream_remote_address()->mutable_pipe()->set_path("/run/app.sock");
  common.mutable_downstream_local_address()
      ->mutable_envoy_internal_address()
      ->set_server_listener_name("main_internal");
  SetAddress(common.mutable_upstream_remote_address(), "shop.example", 80);
  SetAddress(common.mutable_upstream_local_address(), "10.0.0.1", 65536 + 80);
  const auto decoded = Decode(common);
  BOOST_TEST(decoded->valid);
  BOOST_TEST(!decoded->facts().downstream_remote.present());
  BOOST_TEST(!decoded->facts().downstream_local.present());
  BOOST_TEST(!decoded->facts().upstream_remote.present());
  BOOST_TEST(!decoded->facts().upstream_local.present());
}

BOOST_AUTO_TEST_CASE(reads_every_text_and_count_into_its_own_place) {
  data::AccessLogCommon common;
  common.set_upstream_cluster("outbound|80||cart.shop.svc.cluster.local");
  common.set_upstream_transport_failure_reason("a");
  common.set_route_name("b");
  common.set_connection_termination_details("c");
  common.set_downstream_transport_failure_reason("d");
  common.set_stream_id("e");
  common.set_downstream_wire_bytes_sent(1);
  common.set_downstream_wire_bytes_received(2);
  common.set_upstream_wire_bytes_sent(3);
  common.set_upstream_wire_bytes_received(UINT64_MAX);
  common.set_upstream_request_attempt_count(7);
  const auto decoded = Decode(common);
  BOOST_TEST(decoded->text(Text::kUpstreamCluster) == "outbound|80||cart.shop.svc.cluster.local");
  BOOST_TEST(decoded->text(Text::kUpstreamTransportFailure) == "a");
  BOOST_TEST(decoded->text(Text::kRouteName) == "b");
  BOOST_TEST(decoded->text(Text::kConnectionTermination) == "c");
  BOOST_TEST(decoded->text(Text::kDownstreamTransportFailure) == "d");
  BOOST_TEST(decoded->text(Text::kRequestId) == "e");
  BOOST_TEST(decoded->facts().downstream_wire_bytes_sent == 1);
  BOOST_TEST(decoded->facts().downstream_wire_bytes_received == 2);
  BOOST_TEST(decoded->facts().upstream_wire_bytes_sent == 3);
  BOOST_TEST(decoded->facts().upstream_wire_bytes_received == UINT64_MAX);
  BOOST_TEST(decoded->facts().attempt_count == 7);
  BOOST_TEST(decoded->facts().unknown_fields == 0);
}

BOOST_AUTO_TEST_CASE(reads_tls_and_the_first_uri_of_each_certificate) {
  data::AccessLogCommon common;
  auto* tls = common.mutable_tls_properties();
  tls->set_tls_version(data::TLSProperties::TLSv1_3);
  tls->set_tls_sni_hostname("outbound_.80_._.cart");
  tls->mutable_local_certificate_properties()->add_subject_alt_name()->set_uri("spiffe://local");
  auto* peer = tls->mutable_peer_certificate_properties();
  peer->add_subject_alt_name()->set_dns("cart.shop");
  peer->add_subject_alt_name()->set_uri("spiffe://peer");
  peer->add_subject_alt_name()->set_uri("spiffe://second");
  const auto decoded = Decode(common);
  BOOST_TEST(decoded->facts().tls_version == 4);
  BOOST_TEST(decoded->text(Text::kTlsSni) == "outbound_.80_._.cart");
  BOOST_TEST(decoded->text(Text::kLocalPrincipal) == "spiffe://local");
  BOOST_TEST(decoded->text(Text::kPeerPrincipal) == "spiffe://peer");
}

BOOST_AUTO_TEST_CASE(an_enum_value_too_large_to_be_known_is_not_taken_for_another) {
  data::AccessLogCommon common;
  common.mutable_tls_properties()->set_tls_version(
      static_cast<data::TLSProperties::TLSVersion>(260));
  common.set_access_log_type(static_cast<data::AccessLogType>(258));
  const auto decoded = Decode(common);
  BOOST_TEST(decoded->facts().tls_version == 0);
  BOOST_TEST(decoded->facts().access_log_type == 0);
}

BOOST_AUTO_TEST_CASE(reads_every_response_flag_by_its_number) {
  const auto* descriptor = data::ResponseFlags::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    data::AccessLogCommon common;
    auto* flags = common.mutable_response_flags();
    const auto* field = descriptor->field(i);
    if (field->message_type() != nullptr) {
      flags->mutable_unauthorized_details();
    } else {
      flags->GetReflection()->SetBool(flags, field, true);
    }
    const auto decoded = Decode(common);
    BOOST_TEST(decoded->facts().response_flags.bits() == uint64_t{1} << field->number());
  }
}

BOOST_AUTO_TEST_CASE(
    keeps_the_number_of_a_flag_newer_than_the_protos_and_skips_one_beyond_the_set) {
  data::AccessLogCommon common;
  auto* flags = common.mutable_response_flags();
  flags->GetReflection()->MutableUnknownFields(flags)->AddVarint(29, 1);
  flags->GetReflection()->MutableUnknownFields(flags)->AddVarint(30, 0);
  flags->GetReflection()->MutableUnknownFields(flags)->AddVarint(64, 1);
  const auto decoded = Decode(common);
  BOOST_TEST(decoded->valid);
  BOOST_TEST(decoded->facts().response_flags.bits() == uint64_t{1} << 29);
}

BOOST_AUTO_TEST_CASE(tells_the_moment_by_the_entrys_type) {
  const auto moment = [](data::AccessLogType type) {
    data::AccessLogCommon common;
    common.set_access_log_type(type);
    return Decode(common)->facts().moment;
  };
  for (const auto type : {data::DownstreamEnd, data::TcpConnectionEnd, data::UpstreamEnd,
                          data::UdpSessionEnd, data::NotSet}) {
    BOOST_CHECK(moment(type) == LogMoment::kEnd);
  }
  for (const auto type :
       {data::DownstreamStart, data::TcpUpstreamConnected, data::UpstreamPoolReady,
        data::DownstreamTunnelSuccessfullyEstablished, data::UdpTunnelUpstreamConnected}) {
    BOOST_CHECK(moment(type) == LogMoment::kStart);
  }
  for (const auto type :
       {data::DownstreamPeriodic, data::TcpPeriodic, data::UpstreamPeriodic, data::UdpPeriodic}) {
    BOOST_CHECK(moment(type) == LogMoment::kPeriodic);
  }
}

BOOST_AUTO_TEST_CASE(an_old_envoys_intermediate_entry_is_periodic) {
  data::AccessLogCommon common;
  // Deprecated, so its setter warns.
  common.GetReflection()->SetBool(
      &common, data::AccessLogCommon::descriptor()->FindFieldByName("intermediate_log_entry"),
      true);
  BOOST_CHECK(Decode(common)->facts().moment == LogMoment::kPeriodic);
  common.set_access_log_type(data::DownstreamStart);
  BOOST_CHECK(Decode(common)->facts().moment == LogMoment::kStart);
}

BOOST_AUTO_TEST_CASE(the_side_is_settled_once_all_of_the_entry_is_read) {
  data::AccessLogCommon common;
  common.set_upstream_cluster("outbound|80||cart.shop.svc.cluster.local");
  BOOST_CHECK(Decode(common)->facts().reporter == Reporter::kSource);
  (*common.mutable_custom_tags())["traffictap_side"] = "inbound";
  BOOST_CHECK(Decode(common)->facts().reporter == Reporter::kDestination);
}

BOOST_AUTO_TEST_CASE(a_proxy_that_answers_itself_is_placed_by_its_own_address) {
  data::HTTPAccessLogEntry entry;
  entry.set_protocol_version(data::HTTPAccessLogEntry::HTTP11);
  entry.mutable_response()->mutable_response_code()->set_value(401);
  auto* common = entry.mutable_common_properties();
  SetAddress(common->mutable_downstream_direct_remote_address(), "10.7.0.1", 1);
  SetAddress(common->mutable_downstream_local_address(), "10.7.0.2", 2);
  traffic::Node node;
  node.proxy_type = "sidecar";
  const std::string bytes = entry.SerializeAsString();
  for (const auto& [own, reporter] :
       {std::pair{"10.7.0.1", Reporter::kSource}, {"10.7.0.2", Reporter::kDestination}}) {
    node.addresses = {*traffic::ParseSocketAddress(own, 0)};
    DecodeScratch scratch;
    scratch.node = &node;
    traffic::AccessEntry out;
    BOOST_TEST(DecodeHttpEntry(bytes, &scratch, &out));
    BOOST_CHECK(out.facts.reporter == reporter);
  }
}

BOOST_AUTO_TEST_CASE(counts_a_field_that_is_newer_than_the_protos) {
  data::AccessLogCommon common;
  common.GetReflection()->MutableUnknownFields(&common)->AddVarint(99, 1);
  common.GetReflection()->MutableUnknownFields(&common)->AddLengthDelimited(100, "x");
  auto* tls = common.mutable_tls_properties();
  tls->GetReflection()->MutableUnknownFields(tls)->AddVarint(8, 1);
  tls->set_tls_session_id("known and skipped");
  common.set_sample_rate(0.5);
  common.mutable_metadata();
  const auto decoded = Decode(common);
  BOOST_TEST(decoded->valid);
  BOOST_TEST(decoded->facts().unknown_fields == 3);
}

BOOST_AUTO_TEST_CASE(refuses_bytes_that_are_no_protobuf_at_every_depth) {
  const std::string broken =
      "\x0a\x05"
      "a";
  for (const uint32_t field : {2u, 4u, 5u, 16u, 21u, 22u, 23u}) {
    data::HTTPAccessLogEntry entry;
    google::protobuf::UnknownFieldSet unknown;
    unknown.AddLengthDelimited(static_cast<int>(field), broken);
    std::string bytes;
    BOOST_REQUIRE(unknown.SerializeToString(&bytes));
    traffic::AccessEntry out;
    EndHints hints;
    BOOST_TEST(!DecodeCommonProperties(bytes, &out, &hints), field);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
