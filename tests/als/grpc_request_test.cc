// SPDX-License-Identifier: Apache-2.0
#include "als/grpc_request.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "als/http2_client.h"

namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test

GrpcRefusal Check(const Http2Client::Fields& fields) {
  GrpcRequest request(1000);
  for (const auto& [name, value] : fields) request.AddField(name, value);
  return request.Check();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(grpc_request)

BOOST_AUTO_TEST_CASE(takes_a_call_as_envoy_and_others_make_it) {
  BOOST_TEST(Check(Http2Client::Call()).status.ok());
  for (const char* type : {"application/grpc", "application/grpc+proto", "application/grpc;v=1"}) {
    BOOST_TEST(Check(Http2Client::CallWith("content-type", type)).status.ok(), type);
  }
  BOOST_TEST(Check(Http2Client::CallWith("grpc-encoding", "identity")).status.ok());
  BOOST_TEST(Check(Http2Client::CallWith("grpc-timeout", "1S")).status.ok());
}

BOOST_AUTO_TEST_CASE(says_why_it_takes_no_other) {
  for (const char* type : {"", "text/plain", "application/grpc-web", "application/grpcx"}) {
    BOOST_TEST(Check(Http2Client::CallWith("content-type", type)).http_status == 415, type);
  }
  BOOST_TEST(Check(Http2Client::CallWith(":method", "GET")).http_status == 405);
  const auto path = Check(Http2Client::CallWith(":path", "/grpc.health.v1.Health/Check"));
  BOOST_TEST(path.http_status == 200);
  BOOST_TEST(absl::IsUnimplemented(path.status));
  BOOST_TEST(absl::IsUnimplemented(Check(Http2Client::CallWith("grpc-encoding", "gzip")).status));
  BOOST_TEST(!Check({}).status.ok());
}

BOOST_AUTO_TEST_CASE(bounds_all_fields_together) {
  auto fields = Http2Client::Call();
  for (int i = 0; i < 10; ++i) fields.emplace_back("x-field", std::string(50, 'x'));
  BOOST_TEST(absl::IsResourceExhausted(Check(fields).status));
}

BOOST_AUTO_TEST_CASE(keeps_each_line_of_the_forwarded_certificate) {
  GrpcRequest request(1000);
  request.AddField("x-forwarded-client-cert", "URI=a");
  request.AddField("x-forwarded-client-certs", "URI=b");
  request.AddField("x-forwarded-client-cert", "");
  BOOST_TEST(request.forwarded() == (std::vector<std::string>{"URI=a", ""}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(messages_are_percent_encoded) {
  BOOST_TEST(EncodeGrpcMessage("a b~") == "a b~");
  BOOST_TEST(EncodeGrpcMessage("1%\r\n\xc3\xa4\x7f") == "1%25%0D%0A%C3%A4%7F");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
