// SPDX-License-Identifier: Apache-2.0
#include "base/status.h"

#include <boost/test/unit_test.hpp>

#include "base/clock.h"

namespace traffictap {
namespace {

Status FailAt(int step) {
  for (int i = 0; i < 3; ++i) {
    TT_RETURN_IF_ERROR(i == step ? absl::AbortedError("step") : absl::OkStatus());
  }
  return absl::OkStatus();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(status)

BOOST_AUTO_TEST_CASE(calls_retryable_what_may_work_the_next_time) {
  BOOST_TEST(IsRetryable(absl::UnavailableError("")));
  BOOST_TEST(IsRetryable(absl::DeadlineExceededError("")));
  BOOST_TEST(IsRetryable(absl::AbortedError("")));
  BOOST_TEST(IsRetryable(absl::ResourceExhaustedError("")));
}

BOOST_AUTO_TEST_CASE(does_not_call_retryable_what_needs_an_edit_or_is_done) {
  BOOST_TEST(!IsRetryable(absl::OkStatus()));
  BOOST_TEST(!IsRetryable(absl::InvalidArgumentError("")));
  BOOST_TEST(!IsRetryable(absl::FailedPreconditionError("")));
  BOOST_TEST(!IsRetryable(absl::PermissionDeniedError("")));
  BOOST_TEST(!IsRetryable(absl::NotFoundError("")));
}

BOOST_AUTO_TEST_CASE(return_if_error_stops_at_the_first_error) {
  BOOST_TEST(FailAt(5).ok());
  BOOST_TEST(Message(FailAt(1)) == "step");
}

BOOST_AUTO_TEST_CASE(reads_a_message_as_a_standard_string) {
  BOOST_TEST(Message(absl::NotFoundError("open \"a\": gone")) == "open \"a\": gone");
  BOOST_TEST(Message(absl::OkStatus()).empty());
}

BOOST_AUTO_TEST_CASE(the_system_clock_never_goes_back_and_knows_the_century) {
  const base::SystemClock clock;
  const base::Nanos before = clock.Monotonic();
  BOOST_TEST(clock.Monotonic() >= before);
  BOOST_TEST(clock.Wall() > 1'700'000'000 * base::kSecond);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
