// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tap/match_spec.h"

// Where a tap's records go.
namespace traffictap::tap {

enum class Compression { kNone, kGzip, kZstd };
struct FileOutput {
  std::string path;                              // relative to the collector's output directory
  uint64_t rotate_bytes = 128 << 20;             // `rotation.maxSize`
  std::optional<base::Nanos> rotate_age;         // `rotation.maxAge`
  uint32_t files_max = 10;                       // `rotation.maxFiles`, the current one included
  Compression compression = Compression::kNone;  // of rotated files
  bool sync = false;                             // fsync before records count as delivered
  friend bool operator==(const FileOutput&, const FileOutput&) = default;
};

struct StdoutOutput {
  friend bool operator==(const StdoutOutput&, const StdoutOutput&) = default;
};

enum class KafkaSecurity { kPlaintext, kSsl, kSaslPlaintext, kSaslSsl };
constexpr bool UsesSasl(KafkaSecurity security) {
  return security == KafkaSecurity::kSaslPlaintext || security == KafkaSecurity::kSaslSsl;
}
constexpr bool UsesTls(KafkaSecurity security) {
  return security == KafkaSecurity::kSsl || security == KafkaSecurity::kSaslSsl;
}
// The SASL mechanism (RFC 7628) that takes a token instead of a user's name and password.
inline constexpr char kOauthBearer[] = "OAUTHBEARER";
inline constexpr const char* kSaslMechanisms[] = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512",
                                                  kOauthBearer};
// How its token is obtained. What is empty here may stand in the folder, under the field's name;
// what is set here goes before it. kafkaclient/token_source.h has the rules.
struct KafkaOauth {
  std::string credentials_dir;     // `credentialsDirectory`: the keys of a Secret, a file each
  std::string token_endpoint_url;  // of an OAuth 2.0 authorization server; excludes aws_region
  std::string client_id;
  std::string scope;
  std::string aws_region;                         // of an Amazon MSK cluster
  std::map<std::string, std::string> extensions;  // RFC 7628, 3.1: told to the broker
  friend bool operator==(const KafkaOauth&, const KafkaOauth&) = default;
};
// What a message says of its record beside the record itself.
enum class KafkaHeaders { kPlain, kCloudEvents };
struct KafkaOutput {
  // Of a TapDestination, which then names what is secret or the administrator's to choose; empty
  // once that is resolved.
  std::string destination;
  std::vector<std::string> brokers;  // host:port
  std::string topic;                 // with a destination: optional
  KafkaSecurity security = KafkaSecurity::kPlaintext;
  std::string sasl_mechanism;      // one of kSaslMechanisms
  std::string sasl_username_file;  // secrets are files, never values: read when the output opens
  std::string sasl_password_file;
  KafkaOauth oauth;  // with OAUTHBEARER alone, which has no files of its own above
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  Compression compression = Compression::kZstd;
  base::Nanos delivery_timeout = 300 * base::kSecond;  // after it a record is dropped and counted
  uint64_t max_record_bytes = 1 << 20;
  KafkaHeaders headers = KafkaHeaders::kPlain;
  friend bool operator==(const KafkaOutput&, const KafkaOutput&) = default;
};

enum class OtlpProtocol { kGrpc, kHttpProtobuf };
// A header of every request, such as "authorization"; its value is a secret.
struct OtlpHeader {
  std::string name;  // lower case
  std::string value_file;
  friend bool operator==(const OtlpHeader&, const OtlpHeader&) = default;
};
struct OtlpOutput {
  std::string destination;  // as in KafkaOutput
  std::string endpoint;  // http://HOST:PORT or https://HOST:PORT; HttpProtobuf: a path may follow
  OtlpProtocol protocol = OtlpProtocol::kGrpc;
  bool logs = true;  // `signals`
  bool traces = true;
  std::vector<OtlpHeader> headers;
  std::string ca_file;  // empty: the system's authorities
  std::string certificate_file;
  std::string key_file;
  Compression compression = Compression::kGzip;        // never kZstd
  base::Nanos timeout = 10 * base::kSecond;            // of one request
  base::Nanos delivery_timeout = 300 * base::kSecond;  // after it records are dropped and counted
  uint32_t batch_records_max = 512;                    // `batch.maxRecords`
  uint64_t batch_bytes_max = 1 << 20;                  // `batch.maxSize`, of one request
  base::Nanos batch_age_max = base::kSecond;           // `batch.maxAge`
  friend bool operator==(const OtlpOutput&, const OtlpOutput&) = default;
};

// What becomes of records that the destination has not acknowledged.
enum class DeliveryClass { kBestEffort, kDurable, kExactlyOnce };
struct DeliverySpec {
  DeliveryClass delivery_class = DeliveryClass::kBestEffort;  // `class`
  uint64_t spool_bytes_max = uint64_t{1} << 30;               // `maxSize`, on disk
  base::Nanos spool_age_max = 86'400 * base::kSecond;         // `maxAge`
  friend bool operator==(const DeliverySpec&, const DeliverySpec&) = default;
};

enum class OutputType { kFile, kStdout, kKafka, kOtlp };
struct OutputSpec {
  std::string name;
  OutputType type = OutputType::kStdout;
  MatchSpec match;  // only these records of the tap
  FileOutput file;
  StdoutOutput stdout_output;
  KafkaOutput kafka;
  OtlpOutput otlp;
  uint64_t queue_bytes_max = 64 << 20;  // `queueSize`: what may wait for a slow output
  DeliverySpec delivery;

  bool durable() const { return delivery.delivery_class == DeliveryClass::kDurable; }
  bool exactly_once() const { return delivery.delivery_class == DeliveryClass::kExactlyOnce; }
  friend bool operator==(const OutputSpec&, const OutputSpec&) = default;
};

}  // namespace traffictap::tap
