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

// librdkafka's word for it.
const char* CompressionName(tap::Compression compression);

// Collects settings for a client; the first refused one is kept. Used by one thread.
class KafkaSettings {
 public:
  KafkaSettings();
  ~KafkaSettings();
  KafkaSettings(const KafkaSettings&) = delete;
  KafkaSettings& operator=(const KafkaSettings&) = delete;

  // What the spec says of the cluster and the way to it. Reads the files of a user's name and
  // password.
  void Connect(const tap::KafkaOutput& spec);
  // All that the spec says, for a producer of records.
  void Configure(const tap::KafkaOutput& spec);
  void Set(const char* name, const std::string& value);
  // For callbacks. Valid until the client is made.
  rd_kafka_conf_s* get() { return conf_; }
  // kInvalidArgument: librdkafka refuses a value; kFailedPrecondition: a secret cannot be read.
  const Status& status() const { return status_; }

  // The client, the caller's to destroy, which writes nothing to standard error. To be called once
  // at most, as the settings go into it. Errors as above.
  StatusOr<rd_kafka_s*> MakeProducer();
  StatusOr<rd_kafka_s*> MakeConsumer();

 private:
  StatusOr<rd_kafka_s*> Make(bool consumer);
  void SetIf(const char* name, const std::string& value);
  void SetSecret(const char* name, const std::string& path);

  rd_kafka_conf_s* conf_;  // null once a client owns it
  Status status_;
};

// Whether a client failed for good: only a new one helps. Null has not.
bool FailedForGood(rd_kafka_s* client);

// Destroys a producer. What is on its way is given up, of which its delivery callback is told, here.
void DropProducer(rd_kafka_s* producer);

// Gives a client the token that it shows from now on, with the extensions. kFailedPrecondition:
// librdkafka refuses it.
Status GiveToken(const OauthToken& token, const tap::KafkaOauth& spec, rd_kafka_s* to);

}  // namespace traffictap::kafkaclient
