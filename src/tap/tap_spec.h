#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

// What the user asked for: the values of a TrafficTap (traffictap.io/v1alpha1) after parsing and
// validation. Field names are those of the YAML; absent means the default shown. Values only: no
// behaviour, no input or output.
namespace traffictap::tap {

using Labels = std::map<std::string, std::string>;

enum class TargetKind { kWorkload, kPod, kNamespace, kGateway };

// Proxies to tap. `name` and `selector` both hold where both are set; a Namespace target takes
// neither, or the name of a namespace in a ClusterTrafficTap.
struct Target {
  TargetKind kind = TargetKind::kWorkload;
  std::string name;
  Labels selector;
};

enum class Direction { kInbound, kOutbound, kBoth };

// Who stands at the other end. All fields that are set must hold; at least one is set.
struct Peer {
  std::string workload;
  std::string ns;         // `namespace`
  std::string principal;  // SPIFFE id, exact
  std::string ip_block;   // CIDR
};

struct PeerSelection {
  std::vector<Peer> include;  // empty: everyone
  std::vector<Peer> exclude;
};

enum class PathMatchKind { kPrefix, kExact, kRegex };
struct PathMatch {
  PathMatchKind kind = PathMatchKind::kPrefix;
  std::string value;  // regex: RE2 syntax, must match the whole path without its query
  friend bool operator==(const PathMatch&, const PathMatch&) = default;
};

struct HeaderMatch {
  std::string name;  // lower case
  enum class Kind { kPresent, kExact, kPrefix, kRegex } kind = Kind::kPresent;
  std::string value;
  bool response = false;  // `on: Response`; default Request
  bool invert = false;
  friend bool operator==(const HeaderMatch&, const HeaderMatch&) = default;
};

struct CodeRange {
  uint32_t first = 0;
  uint32_t last = 0;  // inclusive
  friend bool operator==(const CodeRange&, const CodeRange&) = default;
};

// A record matches when every list that is not empty has an element that holds.
struct MatchSpec {
  std::vector<std::string> methods;  // upper case
  std::vector<PathMatch> paths;
  std::vector<std::string> schemes;      // "http", "https"
  std::vector<std::string> authorities;  // exact, or "*.suffix"; case-insensitive; port optional
  std::vector<CodeRange> response_codes;
  std::optional<base::Nanos> min_duration;
  std::vector<std::string> response_flags;  // Envoy's short names
  std::vector<HeaderMatch> headers;         // every one must hold
  std::vector<std::string> protocols;       // "HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3", "TCP"

  bool empty() const;
  friend bool operator==(const MatchSpec&, const MatchSpec&) = default;
};

enum class OrphanPolicy { kEmit, kDrop };
struct PairingSpec {
  base::Nanos window = 5 * base::kSecond;  // 100ms to 10m
  OrphanPolicy orphans = OrphanPolicy::kEmit;
};

struct SamplingSpec {
  double ratio = 1.0;  // 0 to 1
  bool always_keep_errors = false;
  bool always_keep_slow = false;                   // needs slow_threshold
  base::Nanos slow_threshold = 1 * base::kSecond;  // `slowThreshold`
};

struct LimitsSpec {
  std::optional<base::Nanos> duration;    // since the tap was first in force
  std::optional<base::Nanos> start_time;  // Unix epoch
  std::optional<base::Nanos> end_time;    // Unix epoch
  std::optional<uint64_t> max_records;
  std::optional<uint64_t> max_records_per_second;
};

struct CaptureSpec {
  std::vector<std::string> request_headers;  // lower case; never one of the credentials
  std::vector<std::string> response_headers;
};

enum class QueryValues { kRedact, kKeep };
struct RedactionRule {
  std::string pattern;      // RE2
  std::string replacement;  // \0 to \9 stand for groups
};
struct RedactionSpec {
  QueryValues query_values = QueryValues::kRedact;
  std::vector<RedactionRule>
      rules;  // over path, referer, authority, user agent and captured header values
};

enum class Compression { kNone, kGzip, kZstd };
struct FileOutput {
  std::string path;                              // relative to the collector's output directory
  uint64_t rotate_bytes = 128 << 20;             // `rotation.maxSize`
  std::optional<base::Nanos> rotate_age;         // `rotation.maxAge`
  uint32_t files_max = 10;                       // `rotation.maxFiles`, the current one included
  Compression compression = Compression::kNone;  // of rotated files
  bool sync = false;                             // fsync after every flush
  friend bool operator==(const FileOutput&, const FileOutput&) = default;
};

struct StdoutOutput {
  friend bool operator==(const StdoutOutput&, const StdoutOutput&) = default;
};

enum class KafkaSecurity { kPlaintext, kSsl, kSaslPlaintext, kSaslSsl };
struct KafkaOutput {
  std::vector<std::string> brokers;  // host:port
  std::string topic;
  KafkaSecurity security = KafkaSecurity::kPlaintext;
  std::string sasl_mechanism;      // PLAIN, SCRAM-SHA-256, SCRAM-SHA-512
  std::string sasl_username_file;  // secrets are files, never values: read when the output opens
  std::string sasl_password_file;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  Compression compression = Compression::kZstd;
  base::Nanos delivery_timeout =
      5 * 60 * base::kSecond;  // after it a record is dropped and counted
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

struct TapSpec {
  std::string name;
  std::string ns;               // empty for a ClusterTrafficTap
  bool cluster_scoped = false;  // kind ClusterTrafficTap
  std::vector<Target> targets;  // empty: every proxy of the namespace (of the cluster)
  Direction direction = Direction::kBoth;
  PeerSelection peers;
  MatchSpec match;
  PairingSpec pairing;
  SamplingSpec sampling;
  LimitsSpec limits;
  CaptureSpec capture;
  RedactionSpec redaction;
  std::vector<OutputSpec> outputs;
  uint64_t content_hash = 0;  // of the document: equal hashes mean nothing changed

  std::string key() const { return ns.empty() ? name : ns + "/" + name; }
};

using TapSpecPtr = std::shared_ptr<const TapSpec>;

}  // namespace traffictap::tap
