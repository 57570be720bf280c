// SPDX-License-Identifier: Apache-2.0
#include "als/decode_entry.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "als/entry_protos.h"
#include "traffic/header_list.h"

namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test
using traffic::EntryKind;
using traffic::RejectReason;
using traffic::Text;

std::map<std::string, std::string> Headers(std::string_view list) {
  std::map<std::string, std::string> out;
  traffic::ForEachHeader(
      list, [&](std::string_view name, std::string_view value) { out.emplace(name, value); });
  return out;
}

// A field of bytes with its tag and length.
std::string Field(uint32_t number, const std::string& bytes) {
  google::protobuf::UnknownFieldSet set;
  set.AddLengthDelimited(static_cast<int>(number), bytes);
  std::string out;
  BOOST_REQUIRE(set.SerializeToString(&out));
  return out;
}

const std::string kBroken =
    "\x0a\x7f"
    "a";

}  // namespace

BOOST_AUTO_TEST_SUITE(decode_http_entry)

BOOST_AUTO_TEST_CASE(
    a_grpc_status_comes_from_the_trailers_or_from_an_answer_that_is_trailers_only) {
  data::HTTPAccessLogEntry entry;
  auto& headers = *entry.mutable_response()->mutable_response_headers();
  auto& trailers = *entry.mutable_response()->mutable_response_trailers();
  BOOST_CHECK(Decode(entry)->facts().grpc_status == traffic::GrpcStatus::kAbsent);
  headers["grpc-status"] = "7";
  headers["grpc-message"] = "not%20yours";
  BOOST_CHECK(Decode(entry)->facts().grpc_status == traffic::GrpcStatus::kPermissionDenied);
  BOOST_TEST(Decode(entry)->text(Text::kGrpcMessage) == "not yours");
  trailers["grpc-status"] = "0";
  BOOST_CHECK(Decode(entry)->facts().grpc_status == traffic::GrpcStatus::kOk);
  BOOST_TEST(Decode(entry)->text(Text::kGrpcMessage).empty());
}

BOOST_AUTO_TEST_CASE(reads_the_trace_of_a_request_and_none_of_a_connection) {
  data::HTTPAccessLogEntry entry;
  auto& headers = *entry.mutable_request()->mutable_request_headers();
  BOOST_TEST(!Decode(entry)->facts().trace.present());
  headers["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  entry.mutable_request()->set_path("/");
  const auto decoded = Decode(entry);
  BOOST_TEST(traffic::TraceIdText(decoded->facts().trace) == "0af7651916cd43dd8448eb211c80319c");
  BOOST_TEST(traffic::SpanIdText(decoded->facts().trace) == "b7ad6b7169203331");
  entry.mutable_request()->clear_path();
  BOOST_TEST(!Decode(entry)->facts().trace.present());
}

BOOST_AUTO_TEST_CASE(plain_http_has_no_grpc_status_whatever_its_code) {
  for (const uint32_t code : {200u, 503u}) {
    data::HTTPAccessLogEntry entry;
    entry.mutable_response()->mutable_response_code()->set_value(code);
    (*entry.mutable_response()->mutable_response_headers())["server"] = "envoy";
    BOOST_CHECK(Decode(entry)->facts().grpc_status == traffic::GrpcStatus::kAbsent);
  }
}

BOOST_AUTO_TEST_CASE(reads_every_text_and_number_of_the_request) {
  data::HTTPAccessLogEntry entry;
  auto* request = entry.mutable_request();
  request->set_request_method(envoy::config::core::v3::PATCH);
  request->set_scheme("https");
  request->set_authority("cart.shop:8080");
  request->mutable_port()->set_value(8080);
  request->set_path("/v1/carts?id=1");
  request->set_user_agent("curl/8");
  request->set_referer("https://shop/");
  request->set_forwarded_for("10.0.0.1");
  request->set_request_id("id");
  request->set_original_path("/carts");
  request->set_request_headers_bytes(1);
  request->set_request_body_bytes(2);
  (*request->mutable_request_headers())["x-tenant"] = "a";
  (*request->mutable_request_headers())["x-empty"] = "";
  entry.set_protocol_version(data::HTTPAccessLogEntry::HTTP3);
  const auto decoded = Decode(entry);
  BOOST_TEST(decoded->valid);
  BOOST_CHECK(decoded->facts().kind == EntryKind::kHttp);
  BOOST_CHECK(decoded->facts().http_version == traffic::HttpVersion::kHttp3);
  BOOST_CHECK(decoded->facts().method == traffic::Method::kPatch);
  BOOST_TEST(decoded->text(Text::kScheme) == "https");
  BOOST_TEST(decoded->text(Text::kAuthority) == "cart.shop:8080");
  BOOST_TEST(decoded->text(Text::kPath) == "/v1/carts?id=1");
  BOOST_TEST(decoded->text(Text::kUserAgent) == "curl/8");
  BOOST_TEST(decoded->text(Text::kReferer) == "https://shop/");
  BOOST_TEST(decoded->text(Text::kForwardedFor) == "10.0.0.1");
  BOOST_TEST(decoded->text(Text::kRequestId) == "id");
  BOOST_TEST(decoded->text(Text::kOriginalPath) == "/carts");
  BOOST_TEST(decoded->facts().request_headers_bytes == 1);
  BOOST_TEST(decoded->facts().request_body_bytes == 2);
  BOOST_CHECK(Headers(decoded->entry.text(Text::kRequestHeaders)) ==
              (std::map<std::string, std::string>{{"x-tenant", "a"}, {"x-empty", ""}}));
  BOOST_TEST(decoded->facts().unknown_fields == 0);
}

BOOST_AUTO_TEST_CASE(reads_every_text_and_number_of_the_response) {
  data::HTTPAccessLogEntry entry;
  auto* response = entry.mutable_response();
  response->mutable_response_code()->set_value(503);
  response->set_response_headers_bytes(3);
  response->set_response_body_bytes(UINT64_MAX);
  response->set_response_code_details("upstream_reset");
  (*response->mutable_response_headers())["server"] = "envoy";
  (*response->mutable_response_trailers())["grpc-status"] = "14";
  const auto decoded = Decode(entry);
  BOOST_TEST(decoded->facts().response_code == 503);
  BOOST_TEST(decoded->facts().response_headers_bytes == 3);
  BOOST_TEST(decoded->facts().response_body_bytes == UINT64_MAX);
  BOOST_TEST(decoded->text(Text::kResponseCodeDetails) == "upstream_reset");
  BOOST_TEST(Headers(decoded->entry.text(Text::kResponseHeaders)).at("server") == "envoy");
  BOOST_TEST(Headers(decoded->entry.text(Text::kResponseTrailers)).at("grpc-status") == "14");
}

BOOST_AUTO_TEST_CASE(every_method_and_version_keeps_its_number) {
  for (int method = 0; method <= 9; ++method) {
    data::HTTPAccessLogEntry entry;
    entry.mutable_request()->set_request_method(
        static_cast<envoy::config::core::v3::RequestMethod>(method));
    BOOST_TEST(static_cast<int>(Decode(entry)->facts().method) == method);
  }
  for (int version = 0; version <= 4; ++version) {
    data::HTTPAccessLogEntry entry;
    entry.set_protocol_version(static_cast<data::HTTPAccessLogEntry::HTTPVersion>(version));
    BOOST_TEST(static_cast<int>(Decode(entry)->facts().http_version) == version);
  }
}

BOOST_AUTO_TEST_CASE(a_method_or_version_newer_than_the_protos_is_unspecified) {
  data::HTTPAccessLogEntry entry;
  entry.mutable_request()->set_request_method(
      static_cast<envoy::config::core::v3::RequestMethod>(10));
  entry.set_protocol_version(static_cast<data::HTTPAccessLogEntry::HTTPVersion>(5));
  const auto decoded = Decode(entry);
  BOOST_CHECK(decoded->facts().method == traffic::Method::kUnspecified);
  BOOST_CHECK(decoded->facts().http_version == traffic::HttpVersion::kUnspecified);
}

BOOST_AUTO_TEST_CASE(the_stream_id_stands_in_for_a_missing_request_id) {
  data::HTTPAccessLogEntry entry;
  entry.mutable_common_properties()->set_stream_id("stream");
  entry.mutable_request()->set_path("/");
  BOOST_TEST(Decode(entry)->text(Text::kRequestId) == "stream");
  entry.mutable_request()->set_request_id("request");
  BOOST_TEST(Decode(entry)->text(Text::kRequestId) == "request");
}

BOOST_AUTO_TEST_CASE(an_empty_entry_is_valid) {
  const auto decoded = DecodeBytes("");
  BOOST_TEST(decoded->valid);
  BOOST_TEST(decoded->facts().response_code == 0);
  BOOST_TEST(decoded->facts().duration == traffic::kAbsent);
}

BOOST_AUTO_TEST_CASE(a_header_list_beyond_its_bound_keeps_whole_headers) {
  data::HTTPAccessLogEntry entry;
  auto& headers = *entry.mutable_request()->mutable_request_headers();
  for (int i = 0; i < 40; ++i) headers["x-" + std::to_string(i)] = std::string(1000, 'v');
  headers["x-huge"] = std::string(70'000, 'v');
  const auto decoded = Decode(entry);
  const auto list = decoded->entry.text(Text::kRequestHeaders);
  BOOST_TEST(list.size() <= traffic::AccessEntry::kTextBytesMax);
  const auto kept = Headers(list);
  BOOST_TEST(kept.size() >= 15);
  for (const auto& [name, value] : kept) BOOST_TEST(value.size() == 1000, name);
}

BOOST_AUTO_TEST_CASE(the_headers_of_one_entry_do_not_reach_the_next) {
  data::HTTPAccessLogEntry first;
  (*first.mutable_request()->mutable_request_headers())["a"] = "1";
  (*first.mutable_response()->mutable_response_headers())["b"] = "2";
  (*first.mutable_response()->mutable_response_trailers())["c"] = "3";
  DecodeScratch scratch;
  traffic::AccessEntry entry;
  const std::string bytes = first.SerializeAsString();
  BOOST_TEST(DecodeHttpEntry(bytes, &scratch, &entry));
  traffic::AccessEntry next;
  BOOST_TEST(DecodeHttpEntry("", &scratch, &next));
  for (const Text list : {Text::kRequestHeaders, Text::kResponseHeaders, Text::kResponseTrailers}) {
    BOOST_TEST(next.text(list).empty());
  }
}

BOOST_AUTO_TEST_CASE(counts_newer_fields_in_every_part) {
  data::HTTPAccessLogEntry entry;
  const auto add = [](google::protobuf::Message* message, int number) {
    message->GetReflection()->MutableUnknownFields(message)->AddVarint(number, 1);
  };
  add(&entry, 50);
  add(entry.mutable_request(), 16);
  add(entry.mutable_response(), 9);
  entry.mutable_request()->set_upstream_header_bytes_sent(1);
  entry.mutable_request()->set_downstream_header_bytes_received(1);
  entry.mutable_response()->set_upstream_header_bytes_received(1);
  entry.mutable_response()->set_downstream_header_bytes_sent(1);
  const auto decoded = Decode(entry);
  BOOST_TEST(decoded->valid);
  BOOST_TEST(decoded->facts().unknown_fields == 3);
}

BOOST_AUTO_TEST_CASE(refuses_bytes_that_are_no_protobuf_in_every_part) {
  for (const uint32_t part : {1u, 3u, 4u}) BOOST_TEST(!DecodeBytes(Field(part, kBroken))->valid);
  BOOST_TEST(!DecodeBytes(Field(3, Field(13, kBroken)))->valid);
  BOOST_TEST(!DecodeBytes(Field(4, Field(1, kBroken)))->valid);
  BOOST_TEST(!DecodeBytes(Field(4, Field(4, kBroken)))->valid);
  BOOST_TEST(!DecodeBytes(Field(4, Field(5, kBroken)))->valid);
  BOOST_TEST(!DecodeBytes("\xff")->valid);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(decode_tcp_entry)

// What an HTTP access logger writes for a connection (measured: a Telemetry's provider on db).
BOOST_AUTO_TEST_CASE(an_http_entry_without_a_request_is_a_connection) {
  data::HTTPAccessLogEntry entry;
  entry.mutable_common_properties()->set_upstream_cluster("inbound|5432||");
  entry.mutable_common_properties()->set_stream_id("connection");
  entry.mutable_request()->set_request_body_bytes(10);
  entry.mutable_response()->set_response_body_bytes(20);
  auto decoded = Decode(entry);
  BOOST_TEST(decoded->valid);
  BOOST_CHECK(decoded->facts().kind == EntryKind::kTcp);
  BOOST_TEST(decoded->text(Text::kRequestId).empty());
  BOOST_TEST(decoded->facts().request_body_bytes == 10);
  BOOST_TEST(decoded->facts().response_body_bytes == 20);
  entry.set_protocol_version(data::HTTPAccessLogEntry::HTTP2);
  decoded = Decode(entry);
  BOOST_CHECK(decoded->facts().kind == EntryKind::kHttp);
  BOOST_TEST(decoded->text(Text::kRequestId) == "connection");
}

BOOST_AUTO_TEST_CASE(reads_the_connections_bytes_and_common_properties) {
  data::TCPAccessLogEntry entry;
  entry.mutable_connection_properties()->set_received_bytes(10);
  entry.mutable_connection_properties()->set_sent_bytes(20);
  entry.mutable_common_properties()->set_upstream_cluster("inbound|5432||");
  SetSeconds(entry.mutable_common_properties()->mutable_duration(), 1);
  const auto decoded = Decode(entry);
  BOOST_TEST(decoded->valid);
  BOOST_CHECK(decoded->facts().kind == EntryKind::kTcp);
  BOOST_CHECK(decoded->facts().reporter == traffic::Reporter::kDestination);
  BOOST_TEST(decoded->facts().request_body_bytes == 10);
  BOOST_TEST(decoded->facts().response_body_bytes == 20);
  BOOST_TEST(decoded->facts().duration == base::kSecond);
}

BOOST_AUTO_TEST_CASE(drops_the_connections_own_id_which_joins_nothing) {
  data::TCPAccessLogEntry entry;
  entry.mutable_common_properties()->set_stream_id("connection");
  BOOST_TEST(Decode(entry)->text(Text::kRequestId).empty());
}

BOOST_AUTO_TEST_CASE(counts_newer_fields_and_refuses_broken_bytes) {
  data::TCPAccessLogEntry entry;
  auto* connection = entry.mutable_connection_properties();
  connection->GetReflection()->MutableUnknownFields(connection)->AddVarint(3, 1);
  entry.GetReflection()->MutableUnknownFields(&entry)->AddVarint(9, 1);
  BOOST_TEST(Decode(entry)->facts().unknown_fields == 2);
  BOOST_TEST(!DecodeBytes(Field(1, kBroken), true)->valid);
  BOOST_TEST(!DecodeBytes(Field(2, kBroken), true)->valid);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(decode_message)

BOOST_AUTO_TEST_CASE(gives_identifier_and_entries_in_order) {
  auto message = MessageOf({"/1", "/2"}, "node");
  const auto seen = Visit(message.SerializeAsString());
  BOOST_TEST(seen.identifiers.size() == 1);
  BOOST_TEST(seen.paths == (std::vector<std::string>{"/1", "/2"}),
             boost::test_tools::per_element());
  BOOST_TEST(seen.rejects.empty());
}

BOOST_AUTO_TEST_CASE(the_identifier_comes_first_wherever_it_stands) {
  struct Order final : MessageVisitor {
    void OnIdentifier(std::string_view) override { order += 'i'; }
    void OnEntry(const traffic::AccessEntry&) override { order += 'e'; }
    void OnReject(RejectReason) override { order += 'r'; }
    std::string order;
  } visitor;
  DecodeScratch scratch;
  DecodeMessage(MessageOf({"/1"}).SerializeAsString() + MessageOf({}, "node").SerializeAsString(),
                &scratch, &visitor);
  BOOST_TEST(visitor.order == "ie");
}

BOOST_AUTO_TEST_CASE(reads_tcp_logs) {
  StreamAccessLogsMessage message;
  message.mutable_tcp_logs()->add_log_entry();
  const auto seen = Visit(message.SerializeAsString());
  BOOST_REQUIRE(seen.kinds.size() == 1);
  BOOST_CHECK(seen.kinds[0] == EntryKind::kTcp);
}

BOOST_AUTO_TEST_CASE(a_message_with_nothing_in_it_is_no_fault) {
  BOOST_TEST(Visit("").rejects.empty());
  BOOST_TEST(Visit(StreamAccessLogsMessage().SerializeAsString()).rejects.empty());
}

BOOST_AUTO_TEST_CASE(skips_a_malformed_entry_and_uses_the_rest_of_its_message) {
  data::HTTPAccessLogEntry good;
  good.mutable_request()->set_path("/good");
  const std::string entry = Field(1, good.SerializeAsString());
  const auto seen = Visit(Field(2, entry + Field(1, kBroken) + entry));
  BOOST_TEST(seen.paths == (std::vector<std::string>{"/good", "/good"}),
             boost::test_tools::per_element());
  BOOST_REQUIRE(seen.rejects.size() == 1);
  BOOST_CHECK(seen.rejects[0] == RejectReason::kMalformedEntry);
}

BOOST_AUTO_TEST_CASE(uses_what_stands_before_a_broken_frame) {
  for (const std::string& broken :
       {std::string("\xff"), kBroken, Field(2, kBroken), Field(3, kBroken)}) {
    const auto seen = Visit(MessageOf({"/1"}, "node").SerializeAsString() + broken);
    BOOST_TEST(seen.identifiers.size() == 1);
    BOOST_TEST(seen.paths.size() == 1);
    BOOST_REQUIRE(seen.rejects.size() == 1);
    BOOST_CHECK(seen.rejects[0] == RejectReason::kMalformedMessage);
  }
}

BOOST_AUTO_TEST_CASE(skips_parts_of_a_message_that_are_newer_than_the_protos) {
  const auto seen =
      Visit(Field(9, "x") + Field(2, Field(7, "y")) + MessageOf({"/1"}).SerializeAsString());
  BOOST_TEST(seen.paths.size() == 1);
  BOOST_TEST(seen.rejects.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
