// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <string>

#include "als/entry_protos.h"
#include "als/reporter.h"
#include "traffic/header_list.h"

// Random entries, each decoded twice: by our decoder and by the classes that protoc generates. The
// seed is fixed, so a failure comes back.
namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using traffic::Text;

constexpr int kEntries = 1500;
constexpr int kMutations = 20'000;

class RandomMessages {
 public:
  uint64_t Number() {
    // All magnitudes are equally likely.
    return random_() >> (random_() % 64);
  }

  std::string String() {
    static const char* const kWords[] = {
        "",        "inbound|80||",    "outbound|80||cart",    "10.1.2.3",
        "fd00::1", "::ffff:10.0.0.1", "spiffe://a/ns/b/sa/c", "istio",
        "\xc3\xa9"};
    if (random_() % 3 == 0) return kWords[random_() % std::size(kWords)];
    return std::string(random_() % 40, static_cast<char>('a' + random_() % 26));
  }

  void Fill(Message* message, int depth) {
    const auto* descriptor = message->GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const auto* field = descriptor->field(i);
      if (random_() % 3 == 0 || (depth > 6 && field->message_type() != nullptr)) continue;
      const uint64_t count = field->is_repeated() ? random_() % 4 : 1;
      for (uint64_t n = 0; n < count; ++n) FillField(message, field, depth);
    }
  }

  void Mutate(std::string* bytes) {
    if (bytes->empty()) return;
    const size_t at = random_() % bytes->size();
    switch (random_() % 4) {
      case 0: (*bytes)[at] = static_cast<char>(random_()); return;
      case 1: bytes->resize(at); return;
      case 2: bytes->erase(at, 1 + random_() % 4); return;
      default: bytes->insert(at, 1, static_cast<char>(random_())); return;
    }
  }

 private:
  void FillField(Message* message, const FieldDescriptor* field, int depth) {
    const Reflection* reflection = message->GetReflection();
    const bool repeated = field->is_repeated();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        Fill(repeated ? reflection->AddMessage(message, field)
                      : reflection->MutableMessage(message, field),
             depth + 1);
        return;
      case FieldDescriptor::CPPTYPE_STRING:
        repeated ? reflection->AddString(message, field, String())
                 : reflection->SetString(message, field, String());
        return;
      case FieldDescriptor::CPPTYPE_BOOL:
        reflection->SetBool(message, field, random_() % 2 == 0);
        return;
      case FieldDescriptor::CPPTYPE_ENUM:
        if (!repeated) reflection->SetEnumValue(message, field, static_cast<int>(random_() % 14));
        return;
      case FieldDescriptor::CPPTYPE_UINT32:
        if (!repeated) reflection->SetUInt32(message, field, static_cast<uint32_t>(Number()));
        return;
      case FieldDescriptor::CPPTYPE_UINT64: reflection->SetUInt64(message, field, Number()); return;
      case FieldDescriptor::CPPTYPE_INT32:
        reflection->SetInt32(message, field, static_cast<int32_t>(Number()));
        return;
      case FieldDescriptor::CPPTYPE_INT64:
        reflection->SetInt64(message, field, static_cast<int64_t>(Number()));
        return;
      case FieldDescriptor::CPPTYPE_DOUBLE: reflection->SetDouble(message, field, 0.5); return;
      default: return;
    }
  }

  std::mt19937_64 random_{20'240'229};
};

template <typename Time>
base::Nanos NanosOf(bool has, const Time& time, base::Nanos absent) {
  const bool known = has && time.seconds() >= 0 && time.seconds() < (int64_t{1} << 32) &&
                     time.nanos() >= 0 && time.nanos() < base::kSecond;
  return known ? time.seconds() * base::kSecond + time.nanos() : absent;
}

traffic::SocketAddress AddressOf(const envoy::config::core::v3::Address& address) {
  const auto& socket = address.socket_address();
  if (socket.port_value() > 65535) return {};
  return traffic::ParseSocketAddress(socket.address(), static_cast<uint16_t>(socket.port_value()))
      .value_or(traffic::SocketAddress{});
}

std::string UriOf(const data::TLSProperties::CertificateProperties& certificate) {
  for (const auto& name : certificate.subject_alt_name()) {
    if (!name.uri().empty()) return name.uri();
  }
  return "";
}

std::map<std::string, std::string> Headers(std::string_view list) {
  std::map<std::string, std::string> out;
  traffic::ForEachHeader(
      list, [&](std::string_view name, std::string_view value) { out[std::string(name)] = value; });
  return out;
}

template <typename Map>
std::map<std::string, std::string> Sorted(const Map& map) {
  return {map.begin(), map.end()};
}

void CheckTimes(const data::AccessLogCommon& common, const traffic::EntryFacts& facts) {
#define TT_CHECK_TIME(field, name) \
  BOOST_TEST(facts.field == NanosOf(common.has_##name(), common.name(), traffic::kAbsent))
  TT_CHECK_TIME(last_rx_byte, time_to_last_rx_byte);
  TT_CHECK_TIME(first_upstream_tx_byte, time_to_first_upstream_tx_byte);
  TT_CHECK_TIME(last_upstream_tx_byte, time_to_last_upstream_tx_byte);
  TT_CHECK_TIME(first_upstream_rx_byte, time_to_first_upstream_rx_byte);
  TT_CHECK_TIME(last_upstream_rx_byte, time_to_last_upstream_rx_byte);
  TT_CHECK_TIME(first_downstream_tx_byte, time_to_first_downstream_tx_byte);
  TT_CHECK_TIME(last_downstream_tx_byte, time_to_last_downstream_tx_byte);
  TT_CHECK_TIME(duration, duration);
#undef TT_CHECK_TIME
  BOOST_TEST(facts.start_time == NanosOf(common.has_start_time(), common.start_time(), 0));
}

void CheckCommon(const data::AccessLogCommon& common, const Decoded& decoded) {
  const auto& facts = decoded.facts();
  CheckTimes(common, facts);
  BOOST_CHECK(facts.downstream_remote == AddressOf(common.downstream_remote_address()));
  BOOST_CHECK(facts.downstream_direct_remote ==
              AddressOf(common.downstream_direct_remote_address()));
  BOOST_CHECK(facts.downstream_local == AddressOf(common.downstream_local_address()));
  BOOST_CHECK(facts.upstream_local == AddressOf(common.upstream_local_address()));
  BOOST_CHECK(facts.upstream_remote == AddressOf(common.upstream_remote_address()));
  const auto tag = common.custom_tags().find("traffictap_side");
  BOOST_CHECK(facts.reporter == ReporterOf(tag == common.custom_tags().end() ? "" : tag->second,
                                           decoded.entry, nullptr));
  BOOST_TEST(decoded.text(Text::kUpstreamCluster) == common.upstream_cluster());
  BOOST_TEST(decoded.text(Text::kRouteName) == common.route_name());
  BOOST_TEST(decoded.text(Text::kUpstreamTransportFailure) ==
             common.upstream_transport_failure_reason());
  BOOST_TEST(decoded.text(Text::kDownstreamTransportFailure) ==
             common.downstream_transport_failure_reason());
  BOOST_TEST(decoded.text(Text::kConnectionTermination) == common.connection_termination_details());
  BOOST_TEST(facts.downstream_wire_bytes_sent == common.downstream_wire_bytes_sent());
  BOOST_TEST(facts.upstream_wire_bytes_received == common.upstream_wire_bytes_received());
  BOOST_TEST(facts.attempt_count == common.upstream_request_attempt_count());
  BOOST_TEST(static_cast<int>(facts.access_log_type) == static_cast<int>(common.access_log_type()));
  const auto& tls = common.tls_properties();
  BOOST_TEST(static_cast<int>(facts.tls_version) == static_cast<int>(tls.tls_version()));
  BOOST_TEST(decoded.text(Text::kTlsSni) == tls.tls_sni_hostname());
  BOOST_TEST(decoded.text(Text::kPeerPrincipal) == UriOf(tls.peer_certificate_properties()));
  BOOST_TEST(decoded.text(Text::kLocalPrincipal) == UriOf(tls.local_certificate_properties()));
  const auto& flags = common.response_flags();
  BOOST_TEST(facts.response_flags.Contains(traffic::ResponseFlag::kNoRouteFound) ==
             flags.no_route_found());
  BOOST_TEST(facts.response_flags.Contains(traffic::ResponseFlag::kUnauthorized) ==
             flags.has_unauthorized_details());
  BOOST_TEST(facts.response_flags.Contains(traffic::ResponseFlag::kDownstreamRemoteReset) ==
             flags.downstream_remote_reset());
}

void CheckHttp(const data::HTTPAccessLogEntry& entry, const Decoded& decoded) {
  const auto& facts = decoded.facts();
  const auto& request = entry.request();
  CheckCommon(entry.common_properties(), decoded);
  const int method = request.request_method() <= 9 ? request.request_method() : 0;
  BOOST_TEST(static_cast<int>(facts.method) == method);
  BOOST_TEST(decoded.text(Text::kScheme) == request.scheme());
  BOOST_TEST(decoded.text(Text::kAuthority) == request.authority());
  BOOST_TEST(decoded.text(Text::kPath) == request.path());
  BOOST_TEST(decoded.text(Text::kOriginalPath) == request.original_path());
  BOOST_TEST(decoded.text(Text::kUserAgent) == request.user_agent());
  BOOST_TEST(decoded.text(Text::kReferer) == request.referer());
  BOOST_TEST(decoded.text(Text::kForwardedFor) == request.forwarded_for());
  const auto& id = request.request_id();
  const bool connection = facts.http_version == traffic::HttpVersion::kUnspecified && method == 0 &&
                          request.path().empty() && facts.response_code == 0;
  BOOST_TEST((facts.kind == traffic::EntryKind::kTcp) == connection);
  const auto& joining_id = id.empty() ? entry.common_properties().stream_id() : id;
  BOOST_TEST(decoded.text(Text::kRequestId) == (connection ? "" : joining_id));
  BOOST_TEST(facts.request_headers_bytes == request.request_headers_bytes());
  BOOST_TEST(facts.request_body_bytes == request.request_body_bytes());
  BOOST_TEST(facts.response_code == entry.response().response_code().value());
  BOOST_TEST(facts.response_body_bytes == entry.response().response_body_bytes());
  BOOST_TEST(decoded.text(Text::kResponseCodeDetails) == entry.response().response_code_details());
  BOOST_CHECK(Headers(decoded.entry.text(Text::kRequestHeaders)) ==
              Sorted(request.request_headers()));
  BOOST_CHECK(Headers(decoded.entry.text(Text::kResponseHeaders)) ==
              Sorted(entry.response().response_headers()));
  BOOST_CHECK(Headers(decoded.entry.text(Text::kResponseTrailers)) ==
              Sorted(entry.response().response_trailers()));
  BOOST_TEST(facts.unknown_fields == 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(decode_property)

BOOST_AUTO_TEST_CASE(agrees_with_the_generated_classes_on_random_http_entries) {
  RandomMessages random;
  for (int i = 0; i < kEntries; ++i) {
    data::HTTPAccessLogEntry entry;
    random.Fill(&entry, 0);
    const auto decoded = Decode(entry);
    BOOST_TEST_REQUIRE(decoded->valid, "entry " << i);
    BOOST_TEST_CONTEXT("entry " << i) { CheckHttp(entry, *decoded); }
  }
}

BOOST_AUTO_TEST_CASE(agrees_with_the_generated_classes_on_random_tcp_entries) {
  RandomMessages random;
  for (int i = 0; i < kEntries; ++i) {
    data::TCPAccessLogEntry entry;
    random.Fill(&entry, 0);
    const auto decoded = Decode(entry);
    BOOST_TEST_REQUIRE(decoded->valid, "entry " << i);
    BOOST_TEST_CONTEXT("entry " << i) { CheckCommon(entry.common_properties(), *decoded); }
    BOOST_TEST(decoded->facts().request_body_bytes ==
               entry.connection_properties().received_bytes());
    BOOST_TEST(decoded->facts().response_body_bytes == entry.connection_properties().sent_bytes());
  }
}

// The other way round does not hold: parts that are not read are not checked either.
BOOST_AUTO_TEST_CASE(takes_every_mutated_entry_that_the_generated_classes_take) {
  const google::protobuf::LogSilencer silencer;
  RandomMessages random;
  int taken = 0;
  std::string bytes;
  for (int i = 0; i < kMutations; ++i) {
    if (i % 10 == 0) {
      data::HTTPAccessLogEntry fresh;
      random.Fill(&fresh, 3);
      bytes = fresh.SerializeAsString();
    }
    random.Mutate(&bytes);
    data::HTTPAccessLogEntry entry;
    const bool theirs = entry.ParseFromString(bytes);
    const bool ours = DecodeBytes(bytes)->valid;
    BOOST_TEST_REQUIRE((ours || !theirs), "mutation " << i);
    taken += theirs ? 1 : 0;
  }
  BOOST_TEST(taken > kMutations / 20);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
