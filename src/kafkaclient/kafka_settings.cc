// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/kafka_settings.h"

#include <librdkafka/rdkafka.h>

#include <vector>

#include "base/text_file.h"
#include "fmt/format.h"

namespace traffictap::kafkaclient {
namespace {

constexpr size_t kSecretBytesMax = 1 << 16;
constexpr int kQueuedMessagesMax = 100'000;
constexpr int kQueuedKilobytesMax = 64 * 1024;
constexpr int kPurgeMs = 1'000;

const char* SecurityName(tap::KafkaSecurity security) {
  switch (security) {
    case tap::KafkaSecurity::kPlaintext: return "plaintext";
    case tap::KafkaSecurity::kSsl: return "ssl";
    case tap::KafkaSecurity::kSaslPlaintext: return "sasl_plaintext";
    case tap::KafkaSecurity::kSaslSsl: return "sasl_ssl";
  }
  return "plaintext";
}

}  // namespace

const char* CompressionName(tap::Compression compression) {
  return compression == tap::Compression::kNone   ? "none"
         : compression == tap::Compression::kGzip ? "gzip"
                                                  : "zstd";
}

StatusOr<std::string> ReadSecret(const std::string& path) {
  auto text = base::ReadTextFile(path, kSecretBytesMax, base::kLineEnds);
  if (text.ok() && !text->empty()) return text;
  return absl::FailedPreconditionError(
      fmt::format("kafka: read secret \"{}\": no such file, or empty", path));
}

KafkaSettings::KafkaSettings() : conf_(rd_kafka_conf_new()) {}

KafkaSettings::~KafkaSettings() {
  if (conf_ != nullptr) rd_kafka_conf_destroy(conf_);
}

void KafkaSettings::Set(const char* name, const std::string& value) {
  char error[512];
  if (rd_kafka_conf_set(conf_, name, value.c_str(), error, sizeof(error)) != RD_KAFKA_CONF_OK &&
      status_.ok()) {
    status_ = absl::InvalidArgumentError(fmt::format("kafka: {}", error));
  }
}

void KafkaSettings::SetIf(const char* name, const std::string& value) {
  if (!value.empty()) Set(name, value);
}

void KafkaSettings::SetSecret(const char* name, const std::string& path) {
  if (path.empty()) return;
  const auto secret = ReadSecret(path);
  if (secret.ok()) {
    Set(name, *secret);
  } else if (status_.ok()) {
    status_ = secret.status();
  }
}

void KafkaSettings::Connect(const tap::KafkaOutput& spec) {
  std::string brokers;
  for (const auto& broker : spec.brokers) brokers += (brokers.empty() ? "" : ",") + broker;
  Set("bootstrap.servers", brokers);
  // Short: librdkafka 2.0.2 has a fault with long client ids (fixed in 2.5.0).
  Set("client.id", "traffictap");
  Set("reconnect.backoff.max.ms", "2000");
  Set("allow.auto.create.topics", "false");
  Set("security.protocol", SecurityName(spec.security));
  SetIf("sasl.mechanism", spec.sasl_mechanism);
  SetSecret("sasl.username", spec.sasl_username_file);
  SetSecret("sasl.password", spec.sasl_password_file);
  SetIf("ssl.ca.location", spec.ca_file);
  SetIf("ssl.certificate.location", spec.certificate_file);
  SetIf("ssl.key.location", spec.key_file);
}

void KafkaSettings::Configure(const tap::KafkaOutput& spec) {
  Connect(spec);
  Set("enable.idempotence", "true");
  Set("linger.ms", "5");
  Set("queue.buffering.max.messages", std::to_string(kQueuedMessagesMax));
  Set("queue.buffering.max.kbytes", std::to_string(kQueuedKilobytesMax));
  Set("message.max.bytes", std::to_string(spec.max_record_bytes + 1024));
  Set("message.timeout.ms", std::to_string(spec.delivery_timeout / base::kMillisecond));
  Set("compression.type", CompressionName(spec.compression));
}

StatusOr<rd_kafka_t*> KafkaSettings::MakeProducer() { return Make(false); }

StatusOr<rd_kafka_t*> KafkaSettings::MakeConsumer() { return Make(true); }

StatusOr<rd_kafka_t*> KafkaSettings::Make(bool consumer) {
  TT_RETURN_IF_ERROR(status_);
  rd_kafka_conf_set_log_cb(conf_, [](const rd_kafka_t*, int, const char*, const char*) {});
  char error[512];
  rd_kafka_t* client =
      rd_kafka_new(consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf_, error, sizeof(error));
  if (client == nullptr) return absl::InvalidArgumentError(fmt::format("kafka: {}", error));
  conf_ = nullptr;
  return client;
}

bool FailedForGood(rd_kafka_t* client) {
  char reason[256];
  return client != nullptr &&
         rd_kafka_fatal_error(client, reason, sizeof(reason)) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

void DropProducer(rd_kafka_t* producer) {
  rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(producer, kPurgeMs);
  rd_kafka_destroy(producer);
}

Status GiveToken(const OauthToken& token, const tap::KafkaOauth& spec, rd_kafka_s* to) {
  std::vector<const char*> extensions;
  for (const auto& [name, value] : spec.extensions) {
    extensions.push_back(name.c_str());
    extensions.push_back(value.c_str());
  }
  char error[512];
  const auto result = rd_kafka_oauthbearer_set_token(
      to, token.value.c_str(), token.expires / base::kMillisecond, token.principal.c_str(),
      extensions.data(), extensions.size(), error, sizeof(error));
  if (result == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format("kafka: set token: {}", error));
}

}  // namespace traffictap::kafkaclient
