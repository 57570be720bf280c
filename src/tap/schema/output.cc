// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <sstream>

#include "fmt/format.h"
#include "tap/schema/endpoint.h"
#include "tap/schema/fields.h"
#include "tap/schema/kinds.h"
#include "tap/schema/object.h"
#include "tap/schema/sasl.h"

namespace traffictap::tap::schema {
namespace {

constexpr base::Nanos kDay = 86'400 * base::kSecond;
constexpr uint64_t kKi = 1 << 10;
constexpr uint64_t kMi = 1 << 20;
constexpr uint64_t kGi = 1 << 30;
constexpr size_t kPartMax = 200;  // of a file's path, of 255: rotation appends to it
constexpr BrokerForm kInline = BrokerForm::kInline;
constexpr BrokerForm kByDestination = BrokerForm::kByDestination;

// Nobody tells when the reader of a pipe has got hold of a line for good.
constexpr const char* kStdoutIsNotDurable =
    "type Stdout has nobody who acknowledges records: use type File, Kafka or Otlp for Durable";
constexpr const char* kOnlyKafkaIsExactlyOnce =
    "only outputs of type Kafka can be part of a transaction: use another class";

// A tap's author must not be able to leave the output directory.
void CheckRelativePath(const Value& value, std::string* path) {
  bool leaves = path->front() == '/' || path->back() == '/';
  std::istringstream parts(*path);
  for (std::string part; std::getline(parts, part, '/');) {
    leaves = leaves || part == ".." || part == "." || part.empty();
    if (part.size() > kPartMax) value.Invalid("has a part longer than 200 characters: shorten it");
  }
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::any_of(path->begin(), path->end(), control)) {
    value.Invalid("must have no control characters");
  }
  if (leaves) {
    value.Invalid("must be a relative file path without . or .. parts, such as shop/a.jsonl");
  }
}

Kind<std::string> RelativePath() {
  return Text(
      {.max = 1024,
       .pattern = "^[^/\\x00-\\x1f\\x7f]{1,200}(/[^/\\x00-\\x1f\\x7f]{1,200})*$",
       .rule = "!self.split('/').exists(part, part == '.' || part == '..')",
       .message = "must be a relative file path without . or .. parts, such as shop/a.jsonl",
       .check = CheckRelativePath});
}

Kind<FileOutput> File() {
  const auto rotation =
      Object<FileOutput>()
          .Optional("maxSize", &FileOutput::rotate_bytes, Bytes(4 * kKi, 1024 * kGi),
                    "Maximum size of a file.")
          .Optional("maxAge", &FileOutput::rotate_age, Duration(base::kSecond, 365 * kDay),
                    "Maximum age of a file.")
          .Optional("maxFiles", &FileOutput::files_max, SmallNumber(1, 10'000),
                    "Number of files to keep, including the current one. The oldest is deleted.")
          .kind();
  return Object<FileOutput>()
      .Required(
          "path", &FileOutput::path, RelativePath(),
          {"File path, relative to the namespace's directory in the collector's output directory.",
           "File path, relative to the directory for cluster taps (_cluster) in the collector's "
           "output directory."})
      .Optional("rotation", rotation, "When to start a new file, and how many to keep.")
      .Optional("compression", &FileOutput::compression, Choice<Compression>(),
                "Compression of rotated files.")
      .Optional("sync", &FileOutput::sync, Bool(),
                "Flush records to disk (fsync) before counting them as delivered.")
      .kind();
}

Kind<std::string> SecretFile() { return Text({.max = 4096}); }

// The files of a connection's certificates, in a collector's own files.
template <typename S>
Kind<S> TlsFiles() {
  return Object<S>()
      .Optional("caFile", &S::ca_file, SecretFile(), "Authorities to trust, in PEM.")
      .Optional("certificateFile", &S::certificate_file, SecretFile(),
                "Certificate of the collector, in PEM.")
      .Optional("keyFile", &S::key_file, SecretFile(), "Key of that certificate, in PEM.")
      .Checked([](FieldReader& fields, const S& tls) {
        if (tls.certificate_file.empty() == tls.key_file.empty()) return;
        fields.Fault("InvalidValue", "must have certificateFile and keyFile together, or neither");
      })
      .kind();
}

Kind<KafkaOutput> Kafka() {
  using K = KafkaOutput;
  const auto sasl = Object<K>()
                        .Required("mechanism", &K::sasl_mechanism, Mechanism(), "SASL mechanism.")
                        .Optional("usernameFile", &K::sasl_username_file, SecretFile(),
                                  "File of the user's name. For PLAIN and SCRAM.")
                        .Optional("passwordFile", &K::sasl_password_file, SecretFile(),
                                  "File of the password. For PLAIN and SCRAM.")
                        .Optional("oauth", &K::oauth, Oauth(), "For OAUTHBEARER.")
                        .Checked([](FieldReader& fields, const K& kafka) {
                          if (fields.Good("mechanism")) CheckLogin(&fields, kafka.sasl_mechanism);
                        })
                        .kind();
  return Object<K>()
      .Required("destination", &K::destination, ObjectName(), "Name of the TapDestination.")
      .Only(kByDestination)
      .Optional("topic", &K::topic, Topic(),
                "Topic, one of the destination's allowedTopics. Default: the destination's topic.")
      .Only(kByDestination)
      .Required("brokers", &K::brokers, Brokers(), "Bootstrap brokers.")
      .Only(kInline)
      .Required("topic", &K::topic, Topic(), "Topic to write to.")
      .Only(kInline)
      .Optional("security", &K::security, Choice<KafkaSecurity>(),
                "Security protocol of the brokers.")
      .Only(kInline)
      .Optional("sasl", sasl, "For SaslPlaintext and SaslSsl.")
      .Only(kInline)
      .Optional("tls", TlsFiles<K>(), "For Ssl and SaslSsl.")
      .Only(kInline)
      .Optional("compression", &K::compression, Choice<Compression>(), "Compression of messages.")
      .Optional("deliveryTimeout", &K::delivery_timeout, Duration(base::kSecond, kDay),
                "How long to retry a record before it is dropped and counted.")
      .Optional("maxRecordSize", &K::max_record_bytes, Bytes(kKi, 64 * kMi),
                "Maximum size of a record. Larger records are dropped and counted.")
      .Optional("headers", &K::headers, Choice<KafkaHeaders>(),
                "Headers of messages: content-type and traffictap-schema alone, or with the "
                "attributes of a CloudEvent (ce_id, ce_source, ce_type …), in binary mode.")
      .Checked([](FieldReader& fields, const K& kafka) {
        if (fields.form() == kInline) CheckSecurity(&fields, kafka.security);
      })
      .kind();
}

Kind<OtlpOutput> Otlp() {
  using O = OtlpOutput;
  const auto header =
      Object<OtlpHeader>("One header.")
          .Required("name", &OtlpHeader::name, OtlpHeaderName(), "Header name, case-insensitive.")
          .Required("valueFile", &OtlpHeader::value_file, SecretFile(), "File of its value.")
          .kind();
  const auto batch = Object<O>()
                         .Optional("maxRecords", &O::batch_records_max, SmallNumber(1, 65'536),
                                   "Maximum number of records in a request.")
                         .Optional("maxSize", &O::batch_bytes_max, Bytes(16 * kKi, 16 * kMi),
                                   "Approximate maximum size of a request before compression. A "
                                   "single record may exceed it.")
                         .Optional("maxAge", &O::batch_age_max,
                                   Duration(10 * base::kMillisecond, 60 * base::kSecond),
                                   "How long to wait for a batch to fill up.")
                         .kind();
  const auto signals = Flags<O>({{"Logs", &O::logs}, {"Traces", &O::traces}},
                                {.if_empty = "must list Logs, Traces or both", .once = true});
  return Object<O>()
      .Required("destination", &O::destination, ObjectName(), "Name of the TapDestination.")
      .Only(kByDestination)
      .Optional("protocol", &O::protocol, Choice<OtlpProtocol>(), "Protocol of the receiver.")
      .Only(kInline)
      .Required("endpoint", Endpoint<O>(), "http://HOST:PORT, or https://HOST:PORT for TLS.")
      .Only(kInline)
      .Optional("headers", &O::headers, List(header, {.max = 16}), "Headers of every request.")
      .Only(kInline)
      .Optional("tls", TlsFiles<O>(), "For endpoints that begin with https://.")
      .Only(kInline)
      .Optional("signals", signals,
                "What to export: each record as a log record, as a span per side, or both.")
      .Optional("compression", &O::compression,
                Choice<Compression>({{Compression::kNone, "None"}, {Compression::kGzip, "Gzip"}}),
                "Compression of requests.")
      .Optional("timeout", &O::timeout, Duration(100 * base::kMillisecond, 60 * base::kSecond),
                "Timeout of a single request.")
      .Optional("deliveryTimeout", &O::delivery_timeout, Duration(base::kSecond, kDay),
                "How long to retry a record before it is dropped and counted.")
      .Optional("batch", batch, "How records are batched into requests.")
      .Checked([](FieldReader& fields, const O& otlp) {
        if (fields.form() == kInline) CheckEndpointTls(&fields, otlp.endpoint);
      })
      .kind();
}

Kind<DeliverySpec> Delivery() {
  using D = DeliverySpec;
  constexpr const char* kNeedsDurable = "only class Durable takes maxSize and maxAge";
  return Object<D>()
      .Optional(
          "class", &D::delivery_class, Choice<DeliveryClass>(),
          "BestEffort keeps waiting records in memory. Durable keeps them on disk until the "
          "destination has acknowledged them, also across a crash of the collector; records "
          "may then arrive twice, with the same id. ExactlyOnce writes them in transactions of "
          "Kafka, so that readers with isolation.level=read_committed find each record once; "
          "only with receivers and pairers, to a topic of their Kafka cluster.")
      .Optional("maxSize", &D::spool_bytes_max, Bytes(16 * kMi, 64 * kGi),
                "Durable: size of the records on disk. Beyond it the oldest are dropped and "
                "counted.")
      .Optional("maxAge", &D::spool_age_max, Duration(60 * base::kSecond, 7 * kDay),
                "Durable: age at which records on disk are dropped and counted. It takes the place "
                "of deliveryTimeout.")
      .Rule(
          "(has(self.class) && self.class == 'Durable') || !(has(self.maxSize) || "
          "has(self.maxAge))",
          kNeedsDurable)
      .Checked([](FieldReader& fields, const D& delivery) {
        const bool bounds = fields.Has("maxSize") || fields.Has("maxAge");
        if (!bounds || delivery.delivery_class == DeliveryClass::kDurable) return;
        fields.Fault("InvalidValue",
                     std::string("has a field that belongs to another class: ") + kNeedsDurable);
      })
      .kind();
}

Kind<OutputSpec> Output() {
  using O = OutputSpec;
  using T = OutputType;
  const auto block = [](auto member, auto kind) { return Object<O>::Of(member, std::move(kind)); };
  return Object<O>("One output. Its options are in the field named after its type.")
      .Required("name", &O::name,
                DnsLabel("must be 1 to 63 lower-case letters, digits or '-', such as errors-file"),
                "Name of the output, unique within the tap.")
      .Required("type", &O::type, Choice<OutputType>(), "Type of the output.")
      .Optional("match", &O::match, MatchFields(),
                "Which of the tap's records to write to this output. Default: all of them.")
      .Optional(
          "queueSize", &O::queue_bytes_max, Bytes(64 * kKi, 4 * kGi),
          "Size of the queue for a slow output. When it is full, records are dropped and counted.")
      .Optional("delivery", &O::delivery, Delivery(),
                "Where records wait while the destination is away.")
      .Rule(
          "self.type != 'Stdout' || !has(self.delivery) || !has(self.delivery.class) || "
          "self.delivery.class != 'Durable'",
          kStdoutIsNotDurable)
      .Rule(
          "self.type == 'Kafka' || !has(self.delivery) || !has(self.delivery.class) || "
          "self.delivery.class != 'ExactlyOnce'",
          kOnlyKafkaIsExactlyOnce)
      .Checked([](FieldReader& fields, const O& output) {
        if (output.type == T::kStdout && output.durable()) {
          fields.Fault("InvalidValue",
                       std::string("must not have delivery.class Durable: ") + kStdoutIsNotDurable);
        }
        if (output.type != T::kKafka && output.exactly_once()) {
          fields.Fault("InvalidValue", std::string("must not have delivery.class ExactlyOnce: ") +
                                           kOnlyKafkaIsExactlyOnce);
        }
      })
      .OfType("file", &O::type, T::kFile, block(&O::file, File()),
              "Write JSON lines to a file in the collector.")
      .OfType("kafka", &O::type, T::kKafka, block(&O::kafka, Kafka()),
              "Write to a Kafka topic through a TapDestination.")
      .OfType("otlp", &O::type, T::kOtlp, block(&O::otlp, Otlp()),
              "Export over OTLP (OpenTelemetry) through a TapDestination.")
      .OfType("stdout", &O::type, T::kStdout,
              block(&O::stdout_output, Object<StdoutOutput>().kind()),
              "Write JSON lines to the collector's standard output.", true)
      .kind();
}

}  // namespace

const Kind<std::vector<OutputSpec>>& OutputList() {
  static const Kind<std::vector<OutputSpec>> kind =
      ListByName(Output(), &OutputSpec::name, "output", {.max = 16});
  return kind;
}

}  // namespace traffictap::tap::schema
