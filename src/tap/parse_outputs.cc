#include <algorithm>
#include <sstream>

#include "fmt/format.h"
#include "tap/parse_parts.h"

namespace traffictap::tap {
namespace {

constexpr base::Nanos kDay = 86'400 * base::kSecond;

void ReadCompression(const Value& value, Compression* out) {
  const int choice = value.Choice({"None", "Gzip", "Zstd"});
  if (choice >= 0) *out = static_cast<Compression>(choice);
}

// A tap's author must not be able to leave the output directory.
void ReadRelativePath(const Value& value, std::string* out) {
  if (!value.Text(out)) return;
  bool leaves = (*out)[0] == '/' || out->back() == '/' || out->find('\0') != std::string::npos;
  std::istringstream parts(*out);
  for (std::string part; std::getline(parts, part, '/');) {
    leaves = leaves || part == ".." || part == "." || part.empty();
  }
  if (leaves)
    value.Invalid("must be a relative file path without . or .. parts, such as shop/a.jsonl");
}

void ReadRotation(const Value& value, FileOutput* file) {
  FieldReader fields(value);
  fields.Optional("maxSize",
                  [&](const Value& v) { v.Bytes(4096, 1ull << 40, &file->rotate_bytes); });
  fields.Optional("maxAge", [&](const Value& v) {
    base::Nanos age = 0;
    if (v.Duration(base::kSecond, 365 * kDay, &age)) file->rotate_age = age;
  });
  fields.Optional("maxFiles", [&](const Value& v) {
    uint64_t count = 0;
    if (v.Number(1, 10'000, &count)) file->files_max = static_cast<uint32_t>(count);
  });
}

void ReadFile(const Value& value, FileOutput* file) {
  FieldReader fields(value);
  fields.Required("path", [&](const Value& v) { ReadRelativePath(v, &file->path); });
  fields.Optional("rotation", [&](const Value& v) { ReadRotation(v, file); });
  fields.Optional("compression", [&](const Value& v) { ReadCompression(v, &file->compression); });
  fields.Optional("sync", [&](const Value& v) { v.Bool(&file->sync); });
}

void ReadBroker(const Value& value, std::vector<std::string>* brokers) {
  std::string text;
  if (!value.Text(&text)) return;
  const size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 && port[0] != '0' &&
                      port.find_first_not_of("0123456789") == std::string::npos;
  const bool good = digits && colon > 0 && std::stoul(port) <= 65'535 &&
                    text.find_first_of(" ,\t/") == std::string::npos;
  if (!good) return value.Invalid("must be host:port, such as kafka-0.kafka:9092");
  brokers->push_back(text);
}

void ReadTopic(const Value& value, std::string* topic) {
  if (!value.Text(topic)) return;
  const bool good =
      topic->size() <= 249 && *topic != "." && *topic != ".." &&
      topic->find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == std::string::npos;
  if (!good) value.Invalid("must be 1 to 249 letters, digits, '.', '_' or '-'");
}

void ReadSasl(const Value& value, KafkaOutput* kafka) {
  FieldReader fields(value);
  fields.Required("mechanism", [&](const Value& v) {
    if (v.Choice({"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}) >= 0) v.Text(&kafka->sasl_mechanism);
  });
  fields.Required("usernameFile", [&](const Value& v) { v.Text(&kafka->sasl_username_file); });
  fields.Required("passwordFile", [&](const Value& v) { v.Text(&kafka->sasl_password_file); });
}

void ReadTls(const Value& value, KafkaOutput* kafka) {
  FieldReader fields(value);
  fields.Optional("caFile", [&](const Value& v) { v.Text(&kafka->ca_file); });
  fields.Optional("certificateFile", [&](const Value& v) { v.Text(&kafka->certificate_file); });
  fields.Optional("keyFile", [&](const Value& v) { v.Text(&kafka->key_file); });
  if (kafka->certificate_file.empty() != kafka->key_file.empty()) {
    fields.Fault("InvalidValue", "must have certificateFile and keyFile together, or neither");
  }
}

void CheckSecurity(const FieldReader& fields, KafkaSecurity security, bool sasl, bool tls) {
  const bool wants_sasl =
      security == KafkaSecurity::kSaslPlaintext || security == KafkaSecurity::kSaslSsl;
  const bool may_tls = security == KafkaSecurity::kSsl || security == KafkaSecurity::kSaslSsl;
  if (wants_sasl && !sasl) fields.Fault("MissingField", "needs sasl for this security: add it");
  if (!wants_sasl && sasl) {
    fields.Fault("Conflict", "has sasl: set security to SaslPlaintext or SaslSsl, or remove sasl");
  }
  if (!may_tls && tls) {
    fields.Fault("Conflict", "has tls: set security to Ssl or SaslSsl, or remove tls");
  }
}

void ReadKafka(const Value& value, KafkaOutput* kafka) {
  FieldReader fields(value);
  fields.Required("brokers", [&](const Value& v) {
    v.Each(64, [&](const Value& broker) { ReadBroker(broker, &kafka->brokers); });
    if (v.node->children.empty()) v.Invalid("must have at least one broker");
  });
  fields.Required("topic", [&](const Value& v) { ReadTopic(v, &kafka->topic); });
  fields.Optional("security", [&](const Value& v) {
    const int choice = v.Choice({"Plaintext", "Ssl", "SaslPlaintext", "SaslSsl"});
    if (choice >= 0) kafka->security = static_cast<KafkaSecurity>(choice);
  });
  CheckSecurity(fields, kafka->security, fields.Has("sasl"), fields.Has("tls"));
  fields.Optional("sasl", [&](const Value& v) { ReadSasl(v, kafka); });
  fields.Optional("tls", [&](const Value& v) { ReadTls(v, kafka); });
  fields.Optional("compression", [&](const Value& v) { ReadCompression(v, &kafka->compression); });
  fields.Optional("deliveryTimeout", [&](const Value& v) {
    v.Duration(base::kSecond, kDay, &kafka->delivery_timeout);
  });
  fields.Optional("maxRecordSize",
                  [&](const Value& v) { v.Bytes(1024, 64 << 20, &kafka->max_record_bytes); });
}

void ReadType(const Value& value, OutputType* type) {
  if (value.node->text == "Otlp") {
    return value.Invalid("Otlp is not in this version: use File, Stdout or Kafka");
  }
  const int choice = value.Choice({"File", "Stdout", "Kafka"});
  if (choice >= 0) *type = static_cast<OutputType>(choice);
}

}  // namespace

bool IsDnsLabel(const std::string& text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

void ParseOutput(const Value& value, OutputSpec* output) {
  FieldReader fields(value);
  fields.Required("name", [&](const Value& v) {
    if (v.Text(&output->name) && !IsDnsLabel(output->name)) {
      v.Invalid("must be 1 to 63 lower-case letters, digits or '-', such as errors-file");
    }
  });
  fields.Required("type", [&](const Value& v) { ReadType(v, &output->type); });
  fields.Optional("match", [&](const Value& v) { ParseMatch(v, &output->match); });
  fields.Optional("queueSize",
                  [&](const Value& v) { v.Bytes(64 << 10, 4ull << 30, &output->queue_bytes_max); });
  const auto block = [&](const char* name, OutputType type, auto read) {
    if (output->type == type && type != OutputType::kStdout) return fields.Required(name, read);
    fields.Optional(name, [&](const Value& v) {
      if (output->type != type) v.Invalid("does not belong to this type: remove it or change type");
      if (output->type == type) read(v);
    });
  };
  block("file", OutputType::kFile, [&](const Value& v) { ReadFile(v, &output->file); });
  block("kafka", OutputType::kKafka, [&](const Value& v) { ReadKafka(v, &output->kafka); });
  block("stdout", OutputType::kStdout, [](const Value& v) { FieldReader none(v); });
}

}  // namespace traffictap::tap
