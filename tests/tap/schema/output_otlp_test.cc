// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>

#include "tap/parse_tap.h"
#include "tap/parsing.h"
#include "tap/write_tap.h"

namespace traffictap {
namespace {

using namespace tap;  // NOLINT: the names of the unit under test

constexpr const char* kOtlp = "spec.outputs[0].otlp";
constexpr const char* kEndpoint = "spec.outputs[0].otlp.endpoint";

std::string Otlp(const std::string& more, const std::string& endpoint = "http://otel:4317") {
  return "  outputs: [{name: a, type: Otlp, otlp: {endpoint: '" + endpoint + "'" + more + "}}]\n";
}

OtlpOutput Output(const std::string& spec) {
  const auto tap = GoodSpec(spec);
  BOOST_REQUIRE(tap->outputs.size() == 1);
  BOOST_CHECK(tap->outputs[0].type == OutputType::kOtlp);
  return tap->outputs[0].otlp;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parse_otlp)

BOOST_AUTO_TEST_CASE(reads_every_field) {
  const auto otlp = Output(
      Otlp(", protocol: HttpProtobuf, signals: [Traces], "
           "headers: [{name: Authorization, valueFile: /h}], "
           "tls: {caFile: /ca, certificateFile: /c, keyFile: /k}, compression: None, timeout: 3s, "
           "deliveryTimeout: 30s, batch: {maxRecords: 7, maxSize: 2Mi, maxAge: 20ms}",
           "https://otel:4318/tenant/"));
  BOOST_TEST(otlp.endpoint == "https://otel:4318/tenant");
  BOOST_CHECK(otlp.protocol == OtlpProtocol::kHttpProtobuf);
  BOOST_TEST(!otlp.logs);
  BOOST_TEST(otlp.traces);
  BOOST_TEST(otlp.headers.at(0).name == "authorization");
  BOOST_TEST(otlp.headers.at(0).value_file == "/h");
  BOOST_TEST(otlp.ca_file == "/ca");
  BOOST_TEST(otlp.certificate_file == "/c");
  BOOST_TEST(otlp.key_file == "/k");
  BOOST_CHECK(otlp.compression == Compression::kNone);
  BOOST_TEST(otlp.timeout == 3 * base::kSecond);
  BOOST_TEST(otlp.delivery_timeout == 30 * base::kSecond);
  BOOST_TEST(otlp.batch_records_max == 7u);
  BOOST_TEST(otlp.batch_bytes_max == 2u << 20);
  BOOST_TEST(otlp.batch_age_max == 20 * base::kMillisecond);
}

BOOST_AUTO_TEST_CASE(what_it_reads_it_writes_again) {
  const auto tap = GoodSpec(
      Otlp(", protocol: HttpProtobuf, signals: [Logs], headers: [{name: a, valueFile: /h}], "
           "tls: {caFile: /ca}, compression: None, batch: {maxSize: 2Mi, maxAge: 20ms}",
           "https://otel:4318/tenant"));
  const auto again = ParseTaps("", WriteTap(*tap));
  BOOST_REQUIRE(again.errors.empty());
  BOOST_TEST((again.taps.at(0)->outputs == tap->outputs));
}

BOOST_AUTO_TEST_CASE(has_both_signals_compressed_unless_told_otherwise) {
  const auto otlp = Output(Otlp(""));
  BOOST_CHECK(otlp.protocol == OtlpProtocol::kGrpc);
  BOOST_TEST(otlp.logs);
  BOOST_TEST(otlp.traces);
  BOOST_CHECK(otlp.compression == Compression::kGzip);
}

BOOST_AUTO_TEST_CASE(an_endpoint_is_a_scheme_a_host_and_a_port) {
  for (const char* good : {"http://otel:4317", "https://10.0.0.1:1", "http://[fd00::1]:65535",
                           "http://a-b.c_d.svc:4317/"}) {
    Output(Otlp("", good));
  }
  for (const char* bad :
       {"otel:4317", "http://otel", "http://:4317", "http://otel:0", "http://otel:65536",
        "grpc://otel:4317", "http://user@otel:4317", "http://otel:4317?a=b", "http://otel:4317/a b",
        "http://[fd00::1:4317", "http://ot el:4317", "http://"}) {
    BOOST_TEST(Refuses(Otlp("", bad), kEndpoint), bad);
  }
  BOOST_TEST(Refuses(Otlp("", "http://otel:4317/path"), kEndpoint));
  Output(Otlp(", protocol: HttpProtobuf", "http://otel:4318/path"));
}

BOOST_AUTO_TEST_CASE(tls_needs_https_and_both_files_of_a_certificate) {
  BOOST_TEST(Refuses(Otlp(", tls: {caFile: /ca}"), kOtlp, "Conflict"));
  BOOST_TEST(
      Refuses(Otlp(", tls: {keyFile: /k}", "https://otel:4317"), "spec.outputs[0].otlp.tls"));
  BOOST_TEST(Output(Otlp("", "https://otel:4317")).ca_file.empty());
}

BOOST_AUTO_TEST_CASE(headers_have_names_of_their_own_and_values_in_files) {
  const std::string names = "spec.outputs[0].otlp.headers[0].name";
  for (const char* own : {"host", "Content-Type", "grpc-timeout", "x-bin", "te", "a b"}) {
    BOOST_TEST(
        Refuses(Otlp(std::string(", headers: [{name: '") + own + "', valueFile: /h}]"), names),
        own);
  }
  BOOST_TEST(Refuses(Otlp(", headers: [{name: a, valueFile: /h, value: secret}]"),
                     "spec.outputs[0].otlp.headers[0].value", "UnknownField"));
}

BOOST_AUTO_TEST_CASE(refuses_values_beyond_their_bounds) {
  for (const auto& [field, value] : {std::pair("signals", "[]"),
                                     {"signals[1]", "[Logs, Logs]"},
                                     {"signals[0]", "[Metrics]"},
                                     {"compression", "Zstd"},
                                     {"timeout", "61s"},
                                     {"deliveryTimeout", "25h"},
                                     {"batch.maxRecords", "{maxRecords: 0}"},
                                     {"batch.maxSize", "{maxSize: 17Mi}"},
                                     {"batch.maxAge", "{maxAge: 1ms}"}}) {
    const std::string key = std::string(field).substr(0, std::string(field).find_first_of(".["));
    BOOST_TEST(Refuses(Otlp(", " + key + ": " + value), std::string(kOtlp) + "." + field), field);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
