#include "tap/write_tap.h"

#include "absl/time/time.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace traffictap::tap {
namespace {

using Json = nlohmann::json;

// Sets a field unless it has its default.
template <typename T>
void Put(Json* object, const char* name, const T& value, const T& default_value = T()) {
  if (value != default_value) (*object)[name] = value;
}

void PutDuration(Json* object, const char* name, std::optional<base::Nanos> duration) {
  if (duration) (*object)[name] = FormatDuration(*duration);
}

void PutBlock(Json* object, const char* name, Json block) {
  if (!block.empty()) (*object)[name] = std::move(block);
}

Json WriteTarget(const Target& target) {
  constexpr const char* kKinds[] = {"Workload", "Pod", "Namespace", "Gateway"};
  Json out = {{"kind", kKinds[static_cast<int>(target.kind)]}};
  Put(&out, "name", target.name);
  Put(&out, "selector", target.selector);
  return out;
}

Json WritePeers(const std::vector<Peer>& peers) {
  Json out = Json::array();
  for (const Peer& peer : peers) {
    Json element = Json::object();
    Put(&element, "workload", peer.workload);
    Put(&element, "namespace", peer.ns);
    Put(&element, "principal", peer.principal);
    Put(&element, "ipBlock", peer.ip_block);
    out.push_back(std::move(element));
  }
  return out;
}

Json WriteHeader(const HeaderMatch& header) {
  constexpr const char* kKinds[] = {"", "exact", "prefix", "regex"};
  Json out = {{"name", header.name}};
  if (header.kind != HeaderMatch::Kind::kPresent) {
    out[kKinds[static_cast<int>(header.kind)]] = header.value;
  }
  if (header.response) out["in"] = "Response";
  Put(&out, "invert", header.invert);
  return out;
}

Json WriteMatch(const MatchSpec& match) {
  constexpr const char* kPathKinds[] = {"prefix", "exact", "regex"};
  Json out = Json::object();
  Put(&out, "methods", match.methods);
  for (const PathMatch& path : match.paths) {
    out["paths"].push_back({{kPathKinds[static_cast<int>(path.kind)], path.value}});
  }
  Put(&out, "schemes", match.schemes);
  Put(&out, "authorities", match.authorities);
  for (const CodeRange& code : match.response_codes) {
    out["responseCodes"].push_back(code.first == code.last
                                       ? fmt::format("{}", code.first)
                                       : fmt::format("{}-{}", code.first, code.last));
  }
  PutDuration(&out, "minDuration", match.min_duration);
  Put(&out, "responseFlags", match.response_flags);
  for (const HeaderMatch& header : match.headers) out["headers"].push_back(WriteHeader(header));
  Put(&out, "protocols", match.protocols);
  return out;
}

Json WriteSampling(const SamplingSpec& sampling) {
  const SamplingSpec defaults;
  Json out = Json::object();
  Put(&out, "ratio", sampling.ratio, defaults.ratio);
  if (sampling.always_keep_errors) out["alwaysKeep"].push_back("Errors");
  if (sampling.always_keep_slow) out["alwaysKeep"].push_back("Slow");
  if (sampling.slow_threshold != defaults.slow_threshold) {
    PutDuration(&out, "slowThreshold", sampling.slow_threshold);
  }
  return out;
}

void PutTime(Json* object, const char* name, std::optional<base::Nanos> time) {
  if (!time) return;
  const auto text =
      absl::FormatTime(absl::RFC3339_full, absl::FromUnixNanos(*time), absl::UTCTimeZone());
  (*object)[name] = std::string(text);
}

Json WriteLimits(const LimitsSpec& limits) {
  Json out = Json::object();
  PutDuration(&out, "duration", limits.duration);
  PutTime(&out, "startTime", limits.start_time);
  PutTime(&out, "endTime", limits.end_time);
  if (limits.max_records) out["maxRecords"] = *limits.max_records;
  if (limits.max_records_per_second) out["maxRecordsPerSecond"] = *limits.max_records_per_second;
  return out;
}

Json WritePairing(const PairingSpec& pairing) {
  const PairingSpec defaults;
  Json out = Json::object();
  if (pairing.window != defaults.window) PutDuration(&out, "window", pairing.window);
  if (pairing.orphans == OrphanPolicy::kDrop) out["orphans"] = "Drop";
  return out;
}

Json WriteRedaction(const RedactionSpec& redaction) {
  Json out = Json::object();
  if (redaction.query_values == QueryValues::kKeep) out["queryValues"] = "Keep";
  for (const RedactionRule& rule : redaction.rules) {
    out["rules"].push_back({{"pattern", rule.pattern}, {"replacement", rule.replacement}});
  }
  return out;
}

const char* NameOf(Compression compression) {
  constexpr const char* kNames[] = {"None", "Gzip", "Zstd"};
  return kNames[static_cast<int>(compression)];
}

Json WriteFile(const FileOutput& file) {
  const FileOutput defaults;
  Json rotation = Json::object();
  if (file.rotate_bytes != defaults.rotate_bytes) {
    rotation["maxSize"] = fmt::format("{}", file.rotate_bytes);
  }
  PutDuration(&rotation, "maxAge", file.rotate_age);
  Put(&rotation, "maxFiles", file.files_max, defaults.files_max);
  Json out = {{"path", file.path}};
  PutBlock(&out, "rotation", std::move(rotation));
  if (file.compression != defaults.compression) out["compression"] = NameOf(file.compression);
  Put(&out, "sync", file.sync);
  return out;
}

Json WriteKafka(const KafkaOutput& kafka) {
  constexpr const char* kSecurity[] = {"Plaintext", "Ssl", "SaslPlaintext", "SaslSsl"};
  const KafkaOutput defaults;
  Json out = Json::object();
  Put(&out, "destination", kafka.destination);
  Put(&out, "brokers", kafka.brokers);
  Put(&out, "topic", kafka.topic);
  if (kafka.security != defaults.security) {
    out["security"] = kSecurity[static_cast<int>(kafka.security)];
  }
  if (!kafka.sasl_mechanism.empty()) {
    out["sasl"] = {{"mechanism", kafka.sasl_mechanism},
                   {"usernameFile", kafka.sasl_username_file},
                   {"passwordFile", kafka.sasl_password_file}};
  }
  Json tls = Json::object();
  Put(&tls, "caFile", kafka.ca_file);
  Put(&tls, "certificateFile", kafka.certificate_file);
  Put(&tls, "keyFile", kafka.key_file);
  PutBlock(&out, "tls", std::move(tls));
  if (kafka.compression != defaults.compression) out["compression"] = NameOf(kafka.compression);
  if (kafka.delivery_timeout != defaults.delivery_timeout) {
    PutDuration(&out, "deliveryTimeout", kafka.delivery_timeout);
  }
  if (kafka.max_record_bytes != defaults.max_record_bytes) {
    out["maxRecordSize"] = fmt::format("{}", kafka.max_record_bytes);
  }
  return out;
}

Json WriteOtlpBatch(const OtlpOutput& otlp) {
  const OtlpOutput defaults;
  Json out = Json::object();
  Put(&out, "maxRecords", otlp.batch_records_max, defaults.batch_records_max);
  if (otlp.batch_bytes_max != defaults.batch_bytes_max) {
    out["maxSize"] = fmt::format("{}", otlp.batch_bytes_max);
  }
  if (otlp.batch_age_max != defaults.batch_age_max) {
    PutDuration(&out, "maxAge", otlp.batch_age_max);
  }
  return out;
}

Json WriteOtlp(const OtlpOutput& otlp) {
  const OtlpOutput defaults;
  Json out = Json::object();
  Put(&out, "destination", otlp.destination);
  Put(&out, "endpoint", otlp.endpoint);
  if (otlp.protocol == OtlpProtocol::kHttpProtobuf) out["protocol"] = "HttpProtobuf";
  if (!otlp.traces) out["signals"] = {"Logs"};
  if (!otlp.logs) out["signals"] = {"Traces"};
  for (const OtlpHeader& header : otlp.headers) {
    out["headers"].push_back({{"name", header.name}, {"valueFile", header.value_file}});
  }
  Json tls = Json::object();
  Put(&tls, "caFile", otlp.ca_file);
  Put(&tls, "certificateFile", otlp.certificate_file);
  Put(&tls, "keyFile", otlp.key_file);
  PutBlock(&out, "tls", std::move(tls));
  if (otlp.compression != defaults.compression) out["compression"] = NameOf(otlp.compression);
  if (otlp.timeout != defaults.timeout) PutDuration(&out, "timeout", otlp.timeout);
  if (otlp.delivery_timeout != defaults.delivery_timeout) {
    PutDuration(&out, "deliveryTimeout", otlp.delivery_timeout);
  }
  PutBlock(&out, "batch", WriteOtlpBatch(otlp));
  return out;
}

Json WriteOutput(const OutputSpec& output) {
  constexpr const char* kTypes[] = {"File", "Stdout", "Kafka", "Otlp"};
  Json out = {{"name", output.name}, {"type", kTypes[static_cast<int>(output.type)]}};
  PutBlock(&out, "match", WriteMatch(output.match));
  if (output.queue_bytes_max != OutputSpec().queue_bytes_max) {
    out["queueSize"] = fmt::format("{}", output.queue_bytes_max);
  }
  if (output.type == OutputType::kFile) out["file"] = WriteFile(output.file);
  if (output.type == OutputType::kKafka) out["kafka"] = WriteKafka(output.kafka);
  if (output.type == OutputType::kOtlp) out["otlp"] = WriteOtlp(output.otlp);
  return out;
}

Json WriteSpec(const TapSpec& tap) {
  constexpr const char* kDirections[] = {"Inbound", "Outbound", "Both"};
  Json out = Json::object();
  for (const Target& target : tap.targets) out["targets"].push_back(WriteTarget(target));
  if (tap.direction != Direction::kBoth) {
    out["direction"] = kDirections[static_cast<int>(tap.direction)];
  }
  if (!tap.peers.include.empty()) out["peers"]["include"] = WritePeers(tap.peers.include);
  if (!tap.peers.exclude.empty()) out["peers"]["exclude"] = WritePeers(tap.peers.exclude);
  PutBlock(&out, "match", WriteMatch(tap.match));
  PutBlock(&out, "pairing", WritePairing(tap.pairing));
  PutBlock(&out, "sampling", WriteSampling(tap.sampling));
  PutBlock(&out, "limits", WriteLimits(tap.limits));
  Json capture = Json::object();
  Put(&capture, "requestHeaders", tap.capture.request_headers);
  Put(&capture, "responseHeaders", tap.capture.response_headers);
  PutBlock(&out, "capture", std::move(capture));
  PutBlock(&out, "redaction", WriteRedaction(tap.redaction));
  for (const OutputSpec& output : tap.outputs) out["outputs"].push_back(WriteOutput(output));
  return out;
}

}  // namespace

std::string FormatDuration(base::Nanos duration) {
  struct Unit {
    const char* name;
    base::Nanos factor;
  };
  constexpr Unit kUnits[] = {{"h", 3600 * base::kSecond}, {"m", 60 * base::kSecond},
                             {"s", base::kSecond},        {"ms", base::kMillisecond},
                             {"us", base::kMicrosecond},  {"ns", 1}};
  std::string out;
  for (const Unit& unit : kUnits) {
    if (duration >= unit.factor) out += fmt::format("{}{}", duration / unit.factor, unit.name);
    duration %= unit.factor;
  }
  return out.empty() ? "0s" : out;
}

std::string WriteTap(const TapSpec& tap) {
  Json metadata = {{"name", tap.name}};
  Put(&metadata, "namespace", tap.ns);
  const Json document = {{"apiVersion", "traffictap.io/v1alpha1"},
                         {"kind", tap.cluster_scoped ? "ClusterTrafficTap" : "TrafficTap"},
                         {"metadata", std::move(metadata)},
                         {"spec", WriteSpec(tap)}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace traffictap::tap
