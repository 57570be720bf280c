// SPDX-License-Identifier: Apache-2.0
#include "shuffle/transaction_trial.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

BOOST_AUTO_TEST_SUITE(transaction_trial)

// What is retryable holds up all outputs of the pairer. The numbers are Kafka's own, and below zero librdkafka's;
// tests/scale_out sees some of them happen.
BOOST_AUTO_TEST_CASE(what_a_topic_refuses_is_the_fault_of_its_output_and_of_no_other) {
  tap::KafkaOutput output;
  output.topic = "orders";
  struct Case {
    int error;
    absl::StatusCode code;
    const char* said;
  };
  for (const auto& [error, code, said] : {
           Case{17, absl::StatusCode::kFailedPrecondition,
                "\"orders\" refuses"},  // as an internal one
           Case{18, absl::StatusCode::kFailedPrecondition, "\"orders\" refuses"},
           Case{44, absl::StatusCode::kFailedPrecondition, "\"orders\" refuses"},
           Case{87, absl::StatusCode::kFailedPrecondition, "\"orders\" refuses"},  // as by a schema
           Case{3, absl::StatusCode::kFailedPrecondition, "\"orders\" does not exist"},
           Case{29, absl::StatusCode::kPermissionDenied, "the user of the shuffle"},
           Case{10, absl::StatusCode::kOutOfRange, "max.message.bytes"},
           Case{-185, absl::StatusCode::kUnavailable, ""},
       }) {
    const Status status = shuffle::TrialError(error, output);
    BOOST_TEST(status.code() == code, error);
    BOOST_TEST(Message(status).find(said) != std::string::npos, Message(status));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
