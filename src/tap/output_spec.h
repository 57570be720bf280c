#pragma once

#include <cstdint>
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
struct KafkaOutput {
  // Of a TapDestination, which then names what is secret or the administrator's to choose; empty
  // once that is resolved.
  std::string destination;
  std::vector<std::string> brokers;  // host:port
  std::string topic;                 // with a destination: optional
  KafkaSecurity security = KafkaSecurity::kPlaintext;
  std::string sasl_mechanism;      // PLAIN, SCRAM-SHA-256, SCRAM-SHA-512
  std::string sasl_username_file;  // secrets are files, never values: read when the output opens
  std::string sasl_password_file;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  Compression compression = Compression::kZstd;
  base::Nanos delivery_timeout = 300 * base::kSecond;  // after it a record is dropped and counted
  uint64_t max_record_bytes = 1 << 20;
  friend bool operator==(const KafkaOutput&, const KafkaOutput&) = default;
};

enum class OutputType { kFile, kStdout, kKafka };
struct OutputSpec {
  std::string name;
  OutputType type = OutputType::kStdout;
  MatchSpec match;  // only these records of the tap
  FileOutput file;
  StdoutOutput stdout_output;
  KafkaOutput kafka;
  uint64_t queue_bytes_max = 64 << 20;  // `queueSize`: what may wait for a slow output
  friend bool operator==(const OutputSpec&, const OutputSpec&) = default;
};

}  // namespace traffictap::tap
