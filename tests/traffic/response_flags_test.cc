// SPDX-License-Identifier: Apache-2.0
#include "traffic/response_flags.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "envoy/data/accesslog/v3/accesslog.pb.h"

namespace traffictap {
namespace {

using traffic::ParseResponseFlag;
using traffic::ResponseFlag;
using traffic::ResponseFlags;

// Envoy's documentation of %RESPONSE_FLAGS% (access_log/usage), by the names of its fields in
// accesslog.proto.
const std::map<std::string, std::string> kDocumented = {
    {"failed_local_healthcheck", "LH"},
    {"no_healthy_upstream", "UH"},
    {"upstream_request_timeout", "UT"},
    {"local_reset", "LR"},
    {"upstream_remote_reset", "UR"},
    {"upstream_connection_failure", "UF"},
    {"upstream_connection_termination", "UC"},
    {"upstream_overflow", "UO"},
    {"no_route_found", "NR"},
    {"delay_injected", "DI"},
    {"fault_injected", "FI"},
    {"rate_limited", "RL"},
    {"unauthorized_details", "UAEX"},
    {"rate_limit_service_error", "RLSE"},
    {"downstream_connection_termination", "DC"},
    {"upstream_retry_limit_exceeded", "URX"},
    {"stream_idle_timeout", "SI"},
    {"invalid_envoy_request_headers", "IH"},
    {"downstream_protocol_error", "DPE"},
    {"upstream_max_stream_duration_reached", "UMSDR"},
    {"response_from_cache_filter", "RFCF"},
    {"no_filter_config_found", "NFCF"},
    {"duration_timeout", "DT"},
    {"upstream_protocol_error", "UPE"},
    {"no_cluster_found", "NC"},
    {"overload_manager", "OM"},
    {"dns_resolution_failure", "DF"},
    {"downstream_remote_reset", "DR"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(response_flags)

BOOST_AUTO_TEST_CASE(every_flag_of_the_proto_has_its_documented_name_and_parses_back) {
  const auto* descriptor = envoy::data::accesslog::v3::ResponseFlags::descriptor();
  BOOST_TEST(static_cast<size_t>(descriptor->field_count()) == kDocumented.size());
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto& field = *descriptor->field(i);
    const auto flag = static_cast<ResponseFlag>(field.number());
    BOOST_TEST_CONTEXT(field.name()) {
      BOOST_REQUIRE(kDocumented.contains(field.name()));
      BOOST_TEST(ShortName(flag) == kDocumented.at(field.name()));
      BOOST_CHECK(ParseResponseFlag(kDocumented.at(field.name())) == flag);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_flag_newer_than_this_build_is_shown_by_its_number) {
  BOOST_TEST(ShortName(static_cast<ResponseFlag>(29)) == "FLAG29");
  BOOST_TEST(ShortName(static_cast<ResponseFlag>(63)) == "FLAG63");
}

BOOST_AUTO_TEST_CASE(parses_no_other_names) {
  for (const char* name : {"", "uf", "UF ", "FLAG29", "XX"}) {
    BOOST_TEST(!ParseResponseFlag(name).has_value(), name);
  }
}

BOOST_AUTO_TEST_CASE(a_set_holds_what_was_added_and_nothing_else) {
  ResponseFlags flags;
  BOOST_TEST(flags.empty());
  flags.Add(ResponseFlag::kUpstreamConnectionFailure);
  flags.Add(static_cast<ResponseFlag>(63));
  BOOST_TEST(flags.Contains(ResponseFlag::kUpstreamConnectionFailure));
  BOOST_TEST(flags.Contains(static_cast<ResponseFlag>(63)));
  BOOST_TEST(!flags.Contains(ResponseFlag::kNoRouteFound));
  BOOST_TEST(flags.bits() == (uint64_t{1} << 6 | uint64_t{1} << 63));
}

BOOST_AUTO_TEST_CASE(sets_intersect_where_they_share_a_flag) {
  ResponseFlags a;
  ResponseFlags b;
  a.Add(ResponseFlag::kNoRouteFound);
  BOOST_TEST(!a.Intersects(b));
  b.Add(ResponseFlag::kNoRouteFound);
  BOOST_TEST(a.Intersects(b));
  BOOST_CHECK(a == b);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
