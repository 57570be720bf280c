#include <algorithm>
#include <set>
#include <sstream>

#include "fmt/format.h"
#include "tap/schema/endpoint.h"
#include "tap/schema/fields.h"
#include "tap/schema/kinds.h"
#include "tap/schema/object.h"

namespace traffictap::tap::schema {
namespace {

constexpr base::Nanos kDay = 86'400 * base::kSecond;
constexpr uint64_t kKi = 1 << 10;
constexpr uint64_t kMi = 1 << 20;
constexpr uint64_t kGi = 1 << 30;
constexpr size_t kPartMax = 200;  // of a file's path, of 255: rotation appends to it
constexpr BrokerForm kInline = BrokerForm::kInline;
constexpr BrokerForm kByDestination = BrokerForm::kByDestination;

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
  return Text({.max = 1024,
               .pattern = "^[^/\\x00-\\x1f\\x7f]{1,200}(/[^/\\x00-\\x1f\\x7f]{1,200})*$",
               .rule = "!self.split('/').exists(part, part == '.' || part == '..')",
               .message = "must not have . or .. parts",
               .check = CheckRelativePath});
}

Kind<FileOutput> File() {
  const auto rotation = Object<FileOutput>()
                            .Optional("maxSize", &FileOutput::rotate_bytes,
                                      Bytes(4 * kKi, 1024 * kGi), "Size of a file.")
                            .Optional("maxAge", &FileOutput::rotate_age,
                                      Duration(base::kSecond, 365 * kDay), "Age of a file.")
                            .Optional("maxFiles", &FileOutput::files_max, SmallNumber(1, 10'000),
                                      "Number of files, the current one included; the oldest goes.")
                            .kind();
  return Object<FileOutput>()
      .Required(
          "path", &FileOutput::path, RelativePath(),
          {"Path below the directory of the namespace in the collector's output directory.",
           "Path below the directory of the cluster taps (_cluster) in the collector's output "
           "directory."})
      .Optional("rotation", rotation, "When a new file is begun, and how many are kept.")
      .Optional("compression", &FileOutput::compression, Choice<Compression>(),
                "Of files that are rotated.")
      .Optional("sync", &FileOutput::sync, Bool(),
                "Write through to the disk before records count as delivered.")
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
  const auto sasl =
      Object<K>()
          .Required("mechanism", &K::sasl_mechanism, Mechanism(), "SASL mechanism.")
          .Required("usernameFile", &K::sasl_username_file, SecretFile(),
                    "File of the user's name.")
          .Required("passwordFile", &K::sasl_password_file, SecretFile(), "File of the password.")
          .kind();
  return Object<K>()
      .Required("destination", &K::destination, ObjectName(), "Name of the TapDestination.")
      .Only(kByDestination)
      .Optional("topic", &K::topic, Topic(),
                "One of the destination's allowedTopics; without it, the destination's topic.")
      .Only(kByDestination)
      .Required("brokers", &K::brokers, Brokers(), "Brokers to begin with.")
      .Only(kInline)
      .Required("topic", &K::topic, Topic(), "Topic of the records.")
      .Only(kInline)
      .Optional("security", &K::security, Choice<KafkaSecurity>(), "How the brokers are spoken to.")
      .Only(kInline)
      .Optional("sasl", sasl, "For SaslPlaintext and SaslSsl.")
      .Only(kInline)
      .Optional("tls", TlsFiles<K>(), "For Ssl and SaslSsl.")
      .Only(kInline)
      .Optional("compression", &K::compression, Choice<Compression>(), "Of messages.")
      .Optional("deliveryTimeout", &K::delivery_timeout, Duration(base::kSecond, kDay),
                "How long a record may wait for the brokers; then it is dropped and counted.")
      .Optional("maxRecordSize", &K::max_record_bytes, Bytes(kKi, 64 * kMi),
                "Larger records are dropped and counted.")
      .Checked([](FieldReader& fields, const K& kafka) {
        if (fields.form() == kInline) CheckSecurity(&fields, kafka.security);
      })
      .kind();
}

Kind<OtlpOutput> Otlp() {
  using O = OtlpOutput;
  const auto header =
      Object<OtlpHeader>("One header.")
          .Required("name", &OtlpHeader::name, OtlpHeaderName(),
                    "Name of the header; case does not matter.")
          .Required("valueFile", &OtlpHeader::value_file, SecretFile(), "File of its value.")
          .kind();
  const auto batch =
      Object<O>()
          .Optional("maxRecords", &O::batch_records_max, SmallNumber(1, 65'536),
                    "Most records of one request.")
          .Optional("maxSize", &O::batch_bytes_max, Bytes(16 * kKi, 16 * kMi),
                    "Most bytes of one request before compression, about; a single record may be "
                    "larger.")
          .Optional("maxAge", &O::batch_age_max,
                    Duration(10 * base::kMillisecond, 60 * base::kSecond),
                    "How long a record may wait for others to go along with it.")
          .kind();
  const auto signals = Flags<O>({{"Logs", &O::logs}, {"Traces", &O::traces}},
                                {.if_empty = "must list Logs, Traces or both", .once = true});
  return Object<O>()
      .Required("destination", &O::destination, ObjectName(), "Name of the TapDestination.")
      .Only(kByDestination)
      .Optional("protocol", &O::protocol, Choice<OtlpProtocol>(), "How the receiver is spoken to.")
      .Only(kInline)
      .Required("endpoint", Endpoint<O>(), "http://HOST:PORT, or https://HOST:PORT for TLS.")
      .Only(kInline)
      .Optional("headers", &O::headers, List(header, {.max = 16}), "Headers of every request.")
      .Only(kInline)
      .Optional("tls", TlsFiles<O>(), "For endpoints that begin with https://.")
      .Only(kInline)
      .Optional("signals", signals,
                "What a record becomes: a log record, a span for each of its sides, or both.")
      .Optional("compression", &O::compression,
                Choice<Compression>({{Compression::kNone, "None"}, {Compression::kGzip, "Gzip"}}),
                "Of requests.")
      .Optional("timeout", &O::timeout, Duration(100 * base::kMillisecond, 60 * base::kSecond),
                "How long one request may take.")
      .Optional("deliveryTimeout", &O::delivery_timeout, Duration(base::kSecond, kDay),
                "How long a record may wait for the receiver; then it is dropped and counted.")
      .Optional("batch", batch, "How many records go in one request.")
      .Checked([](FieldReader& fields, const O& otlp) {
        if (fields.form() == kInline) CheckEndpointTls(&fields, otlp.endpoint);
      })
      .kind();
}

Kind<OutputSpec> Output() {
  using O = OutputSpec;
  using T = OutputType;
  const auto block = [](auto member, auto kind) { return Object<O>::Of(member, std::move(kind)); };
  return Object<O>(
             "One place that records go to. What belongs to its type stands in the field of the "
             "same name.")
      .Required("name", &O::name,
                DnsLabel("must be 1 to 63 lower-case letters, digits or '-', such as errors-file"),
                "Name of the output, unique in the tap.")
      .Required("type", &O::type, Choice<OutputType>(), "Kind of the output.")
      .Optional("match", &O::match, MatchFields(),
                "Only these of the tap's records. Every list that is set must have an element that "
                "holds.")
      .Optional("queueSize", &O::queue_bytes_max, Bytes(64 * kKi, 4 * kGi),
                "What may wait for a slow output; what comes beyond it is dropped and counted.")
      .OfType("file", &O::type, T::kFile, block(&O::file, File()),
              "JSON lines in a file of the collector.")
      .OfType("kafka", &O::type, T::kKafka, block(&O::kafka, Kafka()),
              "Records to a Kafka topic, by an administrator's TapDestination.")
      .OfType("otlp", &O::type, T::kOtlp, block(&O::otlp, Otlp()),
              "Records to a receiver of OpenTelemetry's protocol, by an administrator's "
              "TapDestination.")
      .OfType("stdout", &O::type, T::kStdout,
              block(&O::stdout_output, Object<StdoutOutput>().kind()),
              "JSON lines on the collector's standard output.", true)
      .kind();
}

}  // namespace

const Kind<std::vector<OutputSpec>>& OutputList() {
  static const Kind<std::vector<OutputSpec>> kind = [] {
    Kind<std::vector<OutputSpec>> out = List(Output(), {.max = 16});
    out.read = [read = out.read](const Value& value, std::vector<OutputSpec>* to) {
      read(value, to);
      std::set<std::string> names;
      for (size_t i = 0; i < to->size(); ++i) {
        const std::string& name = (*to)[i].name;
        if (name.empty() || names.insert(name).second) continue;
        value.faults->Add(value.node->children[i], fmt::format("{}[{}].name", value.path, i),
                          "Conflict", "is the name of another output: choose another name");
      }
    };
    out.describe = [describe = out.describe](Scope scope) {
      Tree tree = describe(scope);
      tree["x-kubernetes-list-type"] = "map";
      tree["x-kubernetes-list-map-keys"] = {"name"};
      return tree;
    };
    return out;
  }();
  return kind;
}

}  // namespace traffictap::tap::schema
