// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/kafka_error.h"

#include <librdkafka/rdkafka.h>

#include "fmt/format.h"

namespace traffictap::kafkaclient {
namespace {

// Before 2.6.1 librdkafka sends a SCRAM proof that brokers from Kafka 4.0 on refuse.
const char* ScramCaveat(const tap::KafkaOutput& spec) {
  constexpr int kScramWorksSince = 0x020601ff;
  if (spec.sasl_mechanism.find("SCRAM") == std::string::npos ||
      rd_kafka_version() >= kScramWorksSince) {
    return "";
  }
  return "; this build's librdkafka is older than 2.6.1 and cannot use SCRAM with Kafka 4.0 or "
         "newer: use PLAIN over TLS or a client certificate there";
}

std::string LoginAdvice(const tap::KafkaOutput& spec) {
  if (spec.sasl_mechanism == tap::kOauthBearer) {
    return "; the broker refuses the token: check its issuer, audience, scope and the extensions";
  }
  return std::string("; check the SASL mechanism, user name and password") + ScramCaveat(spec);
}

}  // namespace

Status KafkaError(int error, const tap::KafkaOutput& spec, const std::string& detail) {
  const std::string& topic = spec.topic;
  const auto message =
      fmt::format("kafka: {}{}{}", rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(error)),
                  detail.empty() ? "" : ": ", detail);
  switch (error) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return absl::UnauthenticatedError(message + LoginAdvice(spec));
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return absl::PermissionDeniedError(message + "; allow this user to write to topic " + topic);
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return absl::FailedPreconditionError(fmt::format(
          "kafka: topic \"{}\" does not exist; create it, the collector never does", topic));
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return absl::OutOfRangeError(message + "; raise max.message.bytes of the topic");
    case RD_KAFKA_RESP_ERR__SSL:
      return absl::UnauthenticatedError(message +
                                        "; check tls.caFile and the broker's certificate");
    default: return absl::UnavailableError(message);
  }
}

}  // namespace traffictap::kafkaclient
