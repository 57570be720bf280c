// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/read_answer.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <boost/test/unit_test.hpp>

#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace traffictap {
namespace {

using namespace sinks;  // NOLINT: the names of the unit under test

Answer Grpc(int code, const std::string& details = "") {
  return ReadGrpcAnswer(Signal::kLogs, code, "cause", details, "");
}
Answer Http(long code, const std::string& retry_after = "", const std::string& body = "") {
  return ReadHttpAnswer(Signal::kTraces, code, retry_after, body);
}

std::string WithRetryInfo(int64_t seconds, int32_t nanos) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(seconds);
  retry.mutable_retry_delay()->set_nanos(nanos);
  google::rpc::Status status;
  status.add_details()->PackFrom(retry);
  return status.SerializeAsString();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(read_answer)

BOOST_AUTO_TEST_CASE(the_codes_of_grpc_that_may_be_sent_again_are_the_specifications) {
  for (int code = 1; code <= 16; ++code) {
    const bool wanted =
        code == 1 || code == 4 || code == 10 || code == 11 || code == 14 || code == 15;
    BOOST_TEST(Grpc(code).retryable == wanted, code);
    BOOST_TEST(IsRetryable(Grpc(code).status) == wanted, code);
  }
}

BOOST_AUTO_TEST_CASE(an_exhausted_receiver_is_asked_again_only_where_it_says_when) {
  BOOST_TEST(!Grpc(8).retryable);
  BOOST_CHECK(Grpc(8).status.code() == absl::StatusCode::kOutOfRange);
  const Answer told = Grpc(8, WithRetryInfo(3, 500'000'000));
  BOOST_TEST(told.retryable);
  BOOST_TEST(told.retry_after == 3'500 * base::kMillisecond);
  BOOST_TEST(Grpc(14, WithRetryInfo(1, 0)).retry_after == base::kSecond);
  BOOST_TEST(Grpc(8, WithRetryInfo(INT64_MAX, -1)).retry_after == 86'400 * base::kSecond);
  BOOST_TEST(!Grpc(8, "\xff\xff nonsense").retryable);
}

BOOST_AUTO_TEST_CASE(the_codes_of_http_that_may_be_sent_again_are_the_specifications) {
  for (const long code : {429L, 502L, 503L, 504L}) BOOST_TEST(Http(code).retryable, code);
  for (const long code : {301L, 400L, 401L, 403L, 404L, 413L, 500L, 501L}) {
    BOOST_TEST(!Http(code).retryable, code);
  }
  BOOST_TEST(Http(503, "7").retry_after == 7 * base::kSecond);
  BOOST_TEST(Http(503, "Wed, 21 Oct 2015 07:28:00 GMT").retry_after == 0);
  BOOST_TEST(Http(503, "-7").retry_after == 0);
  BOOST_TEST(Http(503, "99999999999").retry_after == 86'400 * base::kSecond);
}

BOOST_AUTO_TEST_CASE(what_a_user_can_do_decides_the_code_and_the_words) {
  BOOST_CHECK(Grpc(16).status.code() == absl::StatusCode::kUnauthenticated);
  BOOST_CHECK(Http(401).status.code() == absl::StatusCode::kUnauthenticated);
  BOOST_CHECK(Http(403).status.code() == absl::StatusCode::kPermissionDenied);
  BOOST_CHECK(Http(404).status.code() == absl::StatusCode::kFailedPrecondition);
  BOOST_TEST(Message(Grpc(12).status).find("does not take Logs") != std::string::npos);
  BOOST_TEST(Message(Http(413).status).find("batch.maxSize") != std::string::npos);
  BOOST_TEST(Message(NoAnswer(Signal::kLogs, "refused").status) == "otlp: export Logs: refused");
}

BOOST_AUTO_TEST_CASE(the_receivers_words_stay_one_line_and_short) {
  google::rpc::Status status;
  status.set_message("a\nb\x1b[31m" + std::string(1000, 'x'));
  const std::string message = Message(Http(400, "", status.SerializeAsString()).status);
  BOOST_TEST(message.find("HTTP 400: a b [31mxxx") != std::string::npos);
  BOOST_TEST(message.find('\n') == std::string::npos);
  BOOST_TEST(message.size() < 400u);
}

BOOST_AUTO_TEST_CASE(a_partial_success_tells_how_many_were_rejected_and_why) {
  opentelemetry::proto::collector::logs::v1::ExportLogsServiceResponse logs;
  logs.mutable_partial_success()->set_rejected_log_records(3);
  logs.mutable_partial_success()->set_error_message("too old");
  const Answer answer = ReadGrpcAnswer(Signal::kLogs, 0, "", "", logs.SerializeAsString());
  BOOST_TEST(answer.status.ok());
  BOOST_TEST(answer.rejected == 3u);
  BOOST_TEST(answer.rejected_why == "too old");
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse traces;
  traces.mutable_partial_success()->set_rejected_spans(-1);
  BOOST_TEST(Http(200, "", traces.SerializeAsString()).rejected == 0u);
  BOOST_TEST(Http(200, "", "\xff{not a message}").rejected == 0u);
  BOOST_TEST(Http(202).status.ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
