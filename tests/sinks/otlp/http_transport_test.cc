// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/http_transport.h"

#include <boost/test/unit_test.hpp>

#include "fakes/gunzip.h"
#include "fakes/scripted_http_server.h"
#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

using sinks::HttpTransport;
using sinks::Signal;

tap::OtlpOutput Spec(const std::string& endpoint) {
  tap::OtlpOutput spec;
  spec.protocol = tap::OtlpProtocol::kHttpProtobuf;
  spec.endpoint = endpoint;
  spec.timeout = 5 * base::kSecond;
  return spec;
}

sinks::Answer Ask(HttpTransport& transport, Signal signal, const std::string& body) {
  transport.Send(signal, body);
  const auto answer = transport.Receive(20 * base::kSecond);
  BOOST_REQUIRE(answer.has_value());
  return *answer;
}

bool Ok(const fakes::ScriptedRequest&, fakes::ScriptedConnection& connection) {
  connection.Answer(200, "");
  return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_transport)

BOOST_AUTO_TEST_CASE(posts_to_the_signals_path_below_the_endpoints) {
  fakes::TempDir dir;
  dir.Write("token", "Bearer one\n");
  fakes::ScriptedHttpServer server(Ok);
  tap::OtlpOutput spec = Spec(server.url() + "/tenant");
  spec.headers = {{"authorization", dir / "token"}};
  spec.compression = tap::Compression::kNone;
  HttpTransport transport(spec);
  BOOST_REQUIRE(transport.Open().ok());
  BOOST_TEST(Ask(transport, Signal::kLogs, "body").status.ok());
  BOOST_TEST(Ask(transport, Signal::kTraces, "").status.ok());
  const auto seen = server.requests();
  BOOST_TEST(seen.at(0).method == "POST");
  BOOST_TEST(seen.at(0).target == "/tenant/v1/logs");
  BOOST_TEST(seen.at(0).body == "body");
  BOOST_TEST(seen.at(0).headers.at("content-type") == "application/x-protobuf");
  BOOST_TEST(seen.at(0).headers.at("authorization") == "Bearer one");
  BOOST_TEST(!seen.at(0).headers.contains("content-encoding"));
  BOOST_TEST(seen.at(1).target == "/tenant/v1/traces");
}

BOOST_AUTO_TEST_CASE(a_gzipped_body_is_the_same_body) {
  fakes::ScriptedHttpServer server(Ok);
  HttpTransport transport(Spec(server.url()));
  BOOST_REQUIRE(transport.Open().ok());
  const std::string body = std::string(100'000, 'a') + "end";
  BOOST_TEST(Ask(transport, Signal::kLogs, body).status.ok());
  const auto seen = server.requests();
  BOOST_TEST(seen.at(0).headers.at("content-encoding") == "gzip");
  BOOST_TEST(seen.at(0).body.size() < 1000u);
  BOOST_TEST((fakes::Gunzip(seen.at(0).body) == body));
}

BOOST_AUTO_TEST_CASE(a_refusal_for_now_is_told_with_its_time) {
  fakes::ScriptedHttpServer server([](const auto&, auto& connection) {
    connection.Answer(429, "", "Retry-After: 7\r\n");
    return true;
  });
  HttpTransport transport(Spec(server.url()));
  BOOST_REQUIRE(transport.Open().ok());
  const auto answer = Ask(transport, Signal::kLogs, "x");
  BOOST_TEST(answer.retryable);
  BOOST_TEST(answer.retry_after == 7 * base::kSecond);
}

BOOST_AUTO_TEST_CASE(a_redirect_is_not_followed_and_a_huge_answer_is_not_kept) {
  fakes::ScriptedHttpServer server([](const auto& request, auto& connection) {
    if (request.target == "/v1/logs") {
      connection.Answer(307, "", "Location: /elsewhere\r\n");
    } else {
      connection.Answer(400, std::string(1 << 20, 'x'));
    }
    return true;
  });
  HttpTransport transport(Spec(server.url()));
  BOOST_REQUIRE(transport.Open().ok());
  BOOST_TEST(!Ask(transport, Signal::kLogs, "x").status.ok());
  const auto answer = Ask(transport, Signal::kTraces, "x");
  BOOST_CHECK(answer.status.code() == absl::StatusCode::kInvalidArgument);
  BOOST_TEST(server.requests().size() == 2u);
}

BOOST_AUTO_TEST_CASE(nobody_there_and_no_answer_in_time_are_told_and_may_be_tried_again) {
  HttpTransport nobody(Spec("http://127.0.0.1:1"));
  BOOST_REQUIRE(nobody.Open().ok());
  const auto refused = Ask(nobody, Signal::kLogs, "x");
  BOOST_CHECK(refused.status.code() == absl::StatusCode::kUnavailable);
  BOOST_TEST(refused.retryable);
  fakes::ScriptedHttpServer server([](const auto&, auto& connection) {
    connection.Hang();
    return false;
  });
  tap::OtlpOutput spec = Spec(server.url());
  spec.timeout = 200 * base::kMillisecond;
  HttpTransport slow(spec);
  BOOST_REQUIRE(slow.Open().ok());
  BOOST_TEST(Ask(slow, Signal::kLogs, "x").retryable);
}

BOOST_AUTO_TEST_CASE(what_was_cancelled_is_not_answered_any_more) {
  fakes::ScriptedHttpServer server(Ok);
  HttpTransport transport(Spec(server.url()));
  BOOST_REQUIRE(transport.Open().ok());
  transport.Send(Signal::kTraces, "x");
  transport.Cancel();
  BOOST_TEST((Ask(transport, Signal::kLogs, "x").signal == Signal::kLogs));
  BOOST_TEST(!transport.Receive(50 * base::kMillisecond).has_value());
}

BOOST_AUTO_TEST_CASE(a_header_that_cannot_be_read_is_the_answer) {
  tap::OtlpOutput spec = Spec("http://127.0.0.1:1");
  spec.headers = {{"authorization", "/nonexistent"}};
  HttpTransport transport(spec);
  BOOST_REQUIRE(transport.Open().ok());
  BOOST_CHECK(Ask(transport, Signal::kLogs, "").status.code() ==
              absl::StatusCode::kFailedPrecondition);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
