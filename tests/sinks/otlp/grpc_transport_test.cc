// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/grpc_transport.h"

#include <boost/test/unit_test.hpp>

#include "fakes/otlp_receiver.h"
#include "fakes/temp_dir.h"

namespace traffictap {

using sinks::GrpcTransport;
using sinks::Signal;

struct GrpcTransportTest {
  GrpcTransportTest() {
    spec.endpoint = receiver.endpoint();
    spec.timeout = 5 * base::kSecond;
  }
  sinks::Answer Ask(GrpcTransport& transport, Signal signal, const std::string& body) {
    transport.Send(signal, body);
    const auto answer = transport.Receive(20 * base::kSecond);
    BOOST_REQUIRE(answer.has_value());
    return *answer;
  }
  fakes::OtlpReceiver receiver;
  tap::OtlpOutput spec;
};

BOOST_FIXTURE_TEST_SUITE(grpc_transport, GrpcTransportTest)

BOOST_AUTO_TEST_CASE(each_signal_has_its_method_and_headers_are_read_for_each_request) {
  fakes::TempDir dir;
  dir.Write("token", "Bearer one\n");
  spec.headers = {{"authorization", dir / "token"}};
  for (const auto compression : {tap::Compression::kNone, tap::Compression::kGzip}) {
    spec.compression = compression;
    GrpcTransport transport(spec);
    BOOST_REQUIRE(transport.Open().ok());
    BOOST_TEST(Ask(transport, Signal::kTraces, std::string(5000, '\0')).status.ok());
    dir.Write("token", "Bearer two\n");
    const auto answer = Ask(transport, Signal::kLogs, "");
    BOOST_TEST(answer.status.ok(), Message(answer.status));
    BOOST_TEST((answer.signal == Signal::kLogs));
  }
  const auto seen = receiver.exports();
  BOOST_TEST(seen.at(0).method == "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
  BOOST_TEST(seen.at(1).method == "/opentelemetry.proto.collector.logs.v1.LogsService/Export");
  BOOST_TEST(seen.at(0).metadata.at("authorization") == "Bearer one");
  BOOST_TEST(seen.at(1).metadata.at("authorization") == "Bearer two");
  BOOST_TEST(seen.at(2).body.size() == 5000u);
}

BOOST_AUTO_TEST_CASE(a_refusal_is_told_with_its_words) {
  receiver.Answer({grpc::StatusCode::UNAUTHENTICATED, "who are you"});
  GrpcTransport transport(spec);
  BOOST_REQUIRE(transport.Open().ok());
  const auto answer = Ask(transport, Signal::kLogs, "");
  BOOST_CHECK(answer.status.code() == absl::StatusCode::kUnauthenticated);
  BOOST_TEST(Message(answer.status).find("who are you") != std::string::npos);
  BOOST_TEST(!answer.retryable);
}

BOOST_AUTO_TEST_CASE(nobody_there_is_no_answer_for_now) {
  spec.endpoint = "http://127.0.0.1:1";
  GrpcTransport transport(spec);
  BOOST_REQUIRE(transport.Open().ok());
  const auto answer = Ask(transport, Signal::kLogs, "");
  BOOST_CHECK(answer.status.code() == absl::StatusCode::kUnavailable);
  BOOST_TEST(answer.retryable);
}

BOOST_AUTO_TEST_CASE(a_header_that_cannot_be_read_is_the_answer) {
  spec.headers = {{"authorization", "/nonexistent"}};
  GrpcTransport transport(spec);
  BOOST_REQUIRE(transport.Open().ok());
  const auto answer = Ask(transport, Signal::kLogs, "");
  BOOST_CHECK(answer.status.code() == absl::StatusCode::kFailedPrecondition);
  BOOST_TEST(answer.retryable);
}

BOOST_AUTO_TEST_CASE(what_was_cancelled_is_not_answered_any_more) {
  GrpcTransport transport(spec);
  BOOST_REQUIRE(transport.Open().ok());
  transport.Send(Signal::kTraces, "");
  transport.Cancel();
  const auto answer = Ask(transport, Signal::kLogs, "");
  BOOST_TEST((answer.signal == Signal::kLogs));
  BOOST_TEST(answer.status.ok());
  BOOST_TEST(!transport.Receive(50 * base::kMillisecond).has_value());
}

BOOST_AUTO_TEST_CASE(a_missing_authority_is_told_at_once) {
  spec.endpoint = receiver.endpoint("https");
  spec.ca_file = "/nonexistent.pem";
  GrpcTransport transport(spec);
  BOOST_CHECK(transport.Open().code() == absl::StatusCode::kInvalidArgument);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
