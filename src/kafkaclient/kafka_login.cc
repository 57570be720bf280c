// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/kafka_login.h"

#include <librdkafka/rdkafka.h>

#include <string>

#include "kafkaclient/kafka_settings.h"

namespace traffictap::kafkaclient {
namespace {

constexpr base::Nanos kFilesPeriod = 2 * base::kSecond;

}  // namespace

KafkaLogin::KafkaLogin(const tap::KafkaOutput& spec, const base::Clock* clock)
    : spec_(spec),
      clock_(clock),
      login_({spec.sasl_username_file, spec.sasl_password_file}),
      tls_({spec.ca_file, spec.certificate_file, spec.key_file}) {
  if (spec.sasl_mechanism != tap::kOauthBearer) return;
  tokens_.emplace(spec.oauth, spec.brokers, clock);
  login_ = WatchedFiles(tokens_->Files());
}

void KafkaLogin::Read() {
  login_.Changed();
  tls_.Changed();
}

void KafkaLogin::SetToken(rd_kafka_s* to) {
  if (!tokens_) return;
  const auto token = tokens_->Get();
  token_status_ = token.ok() ? GiveToken(*token, spec_.oauth, to) : token.status();
  if (!token_status_.ok()) {
    rd_kafka_oauthbearer_set_token_failure(to, Message(token_status_).c_str());
  }
}

void KafkaLogin::Refused() {
  if (tokens_) tokens_->Refused();
}

void KafkaLogin::SetTokens(std::span<rd_kafka_s* const> clients) {
  for (rd_kafka_t* one : clients) {
    if (one != nullptr) SetToken(one);
  }
}

bool KafkaLogin::Refresh(std::span<rd_kafka_s* const> clients) {
  const auto now = clock_->Monotonic();
  if (now < files_next_) return false;
  files_next_ = now + kFilesPeriod;
  if (login_.Changed()) {
    SetLogin(clients);
  } else if (tokens_ && tokens_->refused()) {
    SetTokens(clients);
  }
  return tls_.Changed();
}

// For the next time that a broker asks; connections that are open stay.
void KafkaLogin::SetLogin(std::span<rd_kafka_s* const> clients) {
  if (tokens_) {
    tokens_->Forget();
    return SetTokens(clients);
  }
  const auto user = ReadSecret(spec_.sasl_username_file);
  const auto password = ReadSecret(spec_.sasl_password_file);
  if (!user.ok() || !password.ok()) return;
  for (rd_kafka_t* one : clients) {
    if (one == nullptr) continue;
    rd_kafka_error_t* error = rd_kafka_sasl_set_credentials(one, user->c_str(), password->c_str());
    if (error != nullptr) rd_kafka_error_destroy(error);
  }
}

}  // namespace traffictap::kafkaclient
