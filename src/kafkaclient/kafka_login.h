// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

#include "base/process_clock.h"
#include "base/status.h"
#include "kafkaclient/token_source.h"
#include "kafkaclient/watched_files.h"
#include "tap/output_spec.h"

// librdkafka's own type, which its header has under this name.
struct rd_kafka_s;

namespace traffictap::kafkaclient {

// The credentials of one or more clients of one cluster, whose files may change while they run.
// Used by one thread, that which polls the clients.
class KafkaLogin {
 public:
  // `clock` outlives the login.
  explicit KafkaLogin(const tap::KafkaOutput& spec,
                      const base::Clock* clock = base::ProcessClock());

  // To be called before the clients are made: changes count from what the files hold by now.
  void Read();
  // Gives the client a token, or tells it that there is none; nothing without OAUTHBEARER. By
  // librdkafka's callback, and once the client was made.
  void SetToken(rd_kafka_s* to);
  // A broker did not take the credentials.
  void Refused();
  // Takes over what a rotation of the Secret has put into the files, every two seconds at most. True:
  // certificates changed, which clients read when they are made. Null clients are passed over.
  bool Refresh(std::span<rd_kafka_s* const> clients);

  bool has_tokens() const { return tokens_.has_value(); }
  // Of the last token.
  const Status& token_status() const { return token_status_; }
  void SetTokens(std::span<rd_kafka_s* const> clients);

 private:
  void SetLogin(std::span<rd_kafka_s* const> clients);

  const tap::KafkaOutput spec_;
  const base::Clock* const clock_;
  WatchedFiles login_;
  WatchedFiles tls_;
  std::optional<TokenSource> tokens_;  // with OAUTHBEARER
  Status token_status_;
  base::Nanos files_next_ = 0;  // Clock::Monotonic
};

}  // namespace traffictap::kafkaclient
