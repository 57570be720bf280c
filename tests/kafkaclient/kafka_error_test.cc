// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/kafka_error.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

BOOST_AUTO_TEST_SUITE(kafka_error)

// The numbers are Kafka's own, and below zero librdkafka's; tests/kafka sees them happen.
BOOST_AUTO_TEST_CASE(what_somebody_can_do_about_it_decides_the_code_and_is_said) {
  tap::KafkaOutput spec;
  spec.topic = "orders";
  struct Case {
    int error;
    absl::StatusCode code;
    const char* said;
  };
  for (const auto& [error, code, said] : {
           Case{58, absl::StatusCode::kUnauthenticated, "user name and password"},
           Case{29, absl::StatusCode::kPermissionDenied, "write to topic orders"},
           Case{3, absl::StatusCode::kFailedPrecondition, "\"orders\" does not exist"},
           Case{10, absl::StatusCode::kOutOfRange, "max.message.bytes"},
           Case{-181, absl::StatusCode::kUnauthenticated, "tls.caFile"},
           Case{-195, absl::StatusCode::kUnavailable, "gone"},
       }) {
    const Status status = kafkaclient::KafkaError(error, spec, "gone");
    BOOST_TEST(status.code() == code, error);
    BOOST_TEST(Message(status).find(said) != std::string::npos, Message(status));
  }
}

BOOST_AUTO_TEST_CASE(a_refused_token_is_not_called_a_password) {
  tap::KafkaOutput spec;
  spec.sasl_mechanism = tap::kOauthBearer;
  const std::string said = Message(kafkaclient::KafkaError(58, spec, ""));
  BOOST_TEST(said.find("refuses the token: check its issuer, audience") != std::string::npos, said);
  BOOST_TEST(said.find("password") == std::string::npos, said);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
