// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/status.h"
#include "kafkaclient/oauth_token.h"
#include "tap/output_spec.h"

// librdkafka's own types, which its header has under these names.
struct rd_kafka_conf_s;
struct rd_kafka_s;

namespace traffictap::kafkaclient {

// The contents of a secret's file, without the line end at its end. kFailedPrecondition: none.
StatusOr<std::string> ReadSecret(const std::string& path);

// Collects settings for a client; the first refused one is kept.
class KafkaSettings {
 public:
  KafkaSettings();

  // What the spec says of the cluster and the way to it. Reads the files of a user's name and
  // password.
  void Connect(const tap::KafkaOutput& spec);
  // All that the spec says, for a producer of records.
  void Configure(const tap::KafkaOutput& spec);
  void Set(const char* name, const std::string& value);
  // The client that is made of it owns it from then on.
  rd_kafka_conf_s* get() { return conf_; }
  // kInvalidArgument: librdkafka refuses a value; kFailedPrecondition: a secret cannot be read.
  const Status& status() const { return status_; }

 private:
  void SetIf(const char* name, const std::string& value);
  void SetSecret(const char* name, const std::string& path);

  rd_kafka_conf_s* conf_;
  Status status_;
};

// Gives a client the token that it shows from now on, with the extensions. kFailedPrecondition:
// librdkafka refuses it.
Status GiveToken(const OauthToken& token, const tap::KafkaOauth& spec, rd_kafka_s* to);

}  // namespace traffictap::kafkaclient
