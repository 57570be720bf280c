// SPDX-License-Identifier: Apache-2.0
#include "kube/api_error.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

Status Of(int code, const std::string& reason = "", const std::string& cause = "") {
  return kube::ToStatus({code, reason, cause, "why", std::nullopt}, "get", "pods a/b");
}

BOOST_AUTO_TEST_SUITE(api_error)

BOOST_AUTO_TEST_CASE(codes_tell_the_caller_what_to_do) {
  using Code = absl::StatusCode;
  const std::pair<int, Code> expected[] = {
      {400, Code::kInvalidArgument},  {401, Code::kUnauthenticated},
      {403, Code::kPermissionDenied}, {404, Code::kNotFound},
      {408, Code::kDeadlineExceeded}, {409, Code::kAborted},
      {410, Code::kOutOfRange},       {415, Code::kInvalidArgument},
      {422, Code::kInvalidArgument},  {429, Code::kResourceExhausted},
      {500, Code::kUnavailable},      {503, Code::kUnavailable},
      {504, Code::kDeadlineExceeded}};
  for (const auto& [code, wanted] : expected) BOOST_TEST((Of(code).code() == wanted), code);
  BOOST_TEST((Of(409, "AlreadyExists").code() == Code::kAlreadyExists));
}

BOOST_AUTO_TEST_CASE(everything_survives_inside_a_status) {
  const Status status =
      kube::ToStatus({429, "TooManyRequests", "c", "m \xff", 5 * base::kSecond}, "list", "pods");
  const auto error = kube::ApiErrorOf(status);
  BOOST_TEST_REQUIRE(error.has_value());
  BOOST_TEST(error->code == 429);
  BOOST_TEST(error->reason == "TooManyRequests");
  BOOST_TEST(error->cause == "c");
  BOOST_TEST(kube::RetryAfter(status).value_or(0) == 5 * base::kSecond);
  BOOST_TEST(!kube::ApiErrorOf(absl::UnavailableError("cut")).has_value());
}

BOOST_AUTO_TEST_CASE(questions_are_answered_by_code_and_reason) {
  BOOST_TEST(kube::IsNotFound(Of(404)));
  BOOST_TEST(kube::IsGone(Of(410)));
  BOOST_TEST(kube::IsConflict(Of(409, "Conflict")));
  BOOST_TEST(!kube::IsConflict(Of(409, "AlreadyExists")));
  BOOST_TEST(kube::IsFieldManagerConflict(Of(409, "Conflict", "FieldManagerConflict")));
  BOOST_TEST(!kube::IsFieldManagerConflict(Of(409, "Conflict")));
  BOOST_TEST(kube::IsResourceVersionTooLarge(Of(504, "Timeout", "ResourceVersionTooLarge")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
