// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/http_attributes.h"

#include <boost/test/unit_test.hpp>
#include <map>

#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: what the unit under test looks at

// Attributes as text, numbers in decimals, lists by their first element.
std::map<std::string, std::string> Attributes(const SampleEntry& entry) {
  sinks::AttributeWriter::Attributes out;
  sinks::AttributeWriter writer(&out);
  sinks::AddRequestAttributes(*PackedSample(entry).get(), writer);
  std::map<std::string, std::string> texts;
  for (const auto& attribute : out) {
    const auto& value = attribute.value();
    texts[attribute.key()] = value.has_string_value() ? value.string_value()
                             : value.has_array_value()
                                 ? value.array_value().values(0).string_value()
                                 : std::to_string(value.int_value());
  }
  return texts;
}

std::string Error(Reporter reporter, uint32_t code, std::optional<ResponseFlag> flag = {}) {
  SampleEntry entry(reporter);
  entry.facts().response_code = code;
  if (flag) entry.facts().response_flags.Add(*flag);
  return sinks::ErrorType(*PackedSample(entry).get());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_attributes)

BOOST_AUTO_TEST_CASE(a_client_tells_the_whole_url_and_whom_it_called) {
  SampleEntry entry = FullEntry(Reporter::kSource);
  entry.Set(Text::kScheme, "https").Set(Text::kAuthority, "shop.example:8443");
  entry.Set(Text::kPath, "/cart?a=1&b=2");
  auto told = Attributes(entry);
  BOOST_TEST(told["http.request.method"] == "POST");
  BOOST_TEST(told["url.full"] == "https://shop.example:8443/cart?a=1&b=2");
  BOOST_TEST(told["url.path"] == "/cart");
  BOOST_TEST(told["url.query"] == "a=1&b=2");
  BOOST_TEST(told["server.address"] == "shop.example");
  BOOST_TEST(told["server.port"] == "8443");
  BOOST_TEST(told["http.response.status_code"] == "503");
  BOOST_TEST(told["http.request.resend_count"] == "1");
  BOOST_TEST(told["http.request.header.x-tenant"] == "a");
  BOOST_TEST(told["http.response.header.server"] == "b");
  BOOST_TEST(told["network.protocol.version"] == "2");
  BOOST_TEST(told["network.peer.address"] == "10.0.0.9");
  BOOST_TEST(told["network.peer.port"] == "1005");
  BOOST_TEST(told["tls.protocol.version"] == "1.3");
  BOOST_TEST(told["error.type"] == "503");
}

BOOST_AUTO_TEST_CASE(a_server_tells_who_called_and_no_whole_url) {
  SampleEntry entry = FullEntry(Reporter::kDestination);
  auto told = Attributes(entry);
  BOOST_TEST(!told.contains("url.full"));
  BOOST_TEST(!told.contains("http.request.resend_count"));
  BOOST_TEST(told["client.port"] == "1001");
  BOOST_TEST(told["network.peer.port"] == "1002");
  BOOST_TEST(told["network.local.port"] == "1003");
}

BOOST_AUTO_TEST_CASE(a_grpc_call_has_the_attributes_of_an_rpc_and_plain_http_has_none) {
  SampleEntry entry(Reporter::kSource);
  entry.facts().response_code = 200;
  entry.Set(Text::kPath, "/shop.v1.Cart/Get").Set(Text::kGrpcMessage, "no stock");
  for (const auto& [key, value] : Attributes(entry)) BOOST_TEST(!key.starts_with("rpc."), key);
  entry.facts().grpc_status = GrpcStatus::kNotFound;
  auto told = Attributes(entry);
  BOOST_TEST(told["rpc.system.name"] == "grpc");
  BOOST_TEST(told["rpc.method"] == "shop.v1.Cart/Get");
  BOOST_TEST(told["rpc.response.status_code"] == "NOT_FOUND");
  BOOST_TEST(told["traffictap.grpc.message"] == "no stock");
  // Whatever is not OK fails the client's span, what is its own fault the server's.
  BOOST_TEST(told["error.type"] == "NOT_FOUND");
  entry.facts().reporter = Reporter::kDestination;
  BOOST_TEST(!Attributes(entry).contains("error.type"));
  entry.facts().grpc_status = GrpcStatus::kInternal;
  BOOST_TEST(Attributes(entry)["error.type"] == "INTERNAL");
}

BOOST_AUTO_TEST_CASE(hosts_without_a_port_and_addresses_in_brackets_are_read) {
  for (const auto& [authority, host, port] :
       {std::tuple("shop", "shop", ""), std::tuple("[fd00::1]:80", "fd00::1", "80"),
        std::tuple("[fd00::1]", "fd00::1", ""), std::tuple("a:b", "a:b", ""),
        std::tuple("a:99999", "a:99999", "")}) {
    SampleEntry entry(Reporter::kSource);
    entry.Set(Text::kAuthority, authority);
    auto told = Attributes(entry);
    BOOST_TEST(told["server.address"] == host);
    BOOST_TEST(told["server.port"] == port);
  }
}

BOOST_AUTO_TEST_CASE(a_method_that_envoy_does_not_know_is_other) {
  SampleEntry entry(Reporter::kSource);
  BOOST_TEST(Attributes(entry)["http.request.method"] == "_OTHER");
}

BOOST_AUTO_TEST_CASE(a_connection_has_no_http_attributes) {
  SampleEntry entry = FullEntry(Reporter::kSource);
  entry.facts().kind = EntryKind::kTcp;
  for (const auto& [key, value] : Attributes(entry)) {
    BOOST_TEST(!key.starts_with("http."), key);
    BOOST_TEST(!key.starts_with("url."), key);
  }
  BOOST_TEST(Attributes(entry)["traffictap.bytes.received"] == "102");
  BOOST_TEST(Attributes(entry)["server.port"] == "1005");
}

BOOST_AUTO_TEST_CASE(failures_are_those_of_the_semantic_conventions) {
  BOOST_TEST(Error(Reporter::kSource, 200) == "");
  BOOST_TEST(Error(Reporter::kSource, 404) == "404");
  BOOST_TEST(Error(Reporter::kDestination, 404) == "");
  BOOST_TEST(Error(Reporter::kDestination, 500) == "500");
  BOOST_TEST(Error(Reporter::kSource, 0) == "no_response");
  BOOST_TEST(Error(Reporter::kSource, 0, ResponseFlag::kUpstreamConnectionFailure) == "UF");
  BOOST_TEST(Error(Reporter::kSource, 200, ResponseFlag::kDownstreamConnectionTermination) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
