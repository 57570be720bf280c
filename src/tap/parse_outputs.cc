#include <algorithm>
#include <sstream>

#include "fmt/format.h"
#include "tap/parse_parts.h"

namespace traffictap::tap {
namespace {

constexpr base::Nanos kDay = 86'400 * base::kSecond;
constexpr size_t kNameMax = 200;  // of 255: rotation appends to it

void ReadCompression(const Value& value, Compression* out) {
  const int choice = value.Choice({"None", "Gzip", "Zstd"});
  if (choice >= 0) *out = static_cast<Compression>(choice);
}

// A tap's author must not be able to leave the output directory.
void ReadRelativePath(const Value& value, std::string* out) {
  if (!value.Text(out)) return;
  bool leaves = (*out)[0] == '/' || out->back() == '/';
  std::istringstream parts(*out);
  for (std::string part; std::getline(parts, part, '/');) {
    leaves = leaves || part == ".." || part == "." || part.empty();
    if (part.size() > kNameMax) value.Invalid("has a part longer than 200 characters: shorten it");
  }
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::any_of(out->begin(), out->end(), control)) {
    value.Invalid("must have no control characters");
  }
  if (leaves) {
    value.Invalid("must be a relative file path without . or .. parts, such as shop/a.jsonl");
  }
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

void ReadSasl(const Value& value, KafkaOutput* kafka) {
  FieldReader fields(value);
  fields.Required("mechanism", [&](const Value& v) { ReadMechanism(v, &kafka->sasl_mechanism); });
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

void ReadInlineKafka(FieldReader* fields, KafkaOutput* kafka) {
  fields->Required("brokers", [&](const Value& v) { ReadBrokers(v, &kafka->brokers); });
  fields->Required("topic", [&](const Value& v) { ReadTopic(v, &kafka->topic); });
  fields->Optional("security", [&](const Value& v) { ReadSecurity(v, &kafka->security); });
  CheckSecurity(*fields, kafka->security, fields->Has("sasl"), fields->Has("tls"));
  fields->Optional("sasl", [&](const Value& v) { ReadSasl(v, kafka); });
  fields->Optional("tls", [&](const Value& v) { ReadTls(v, kafka); });
}

void ReadKafkaByDestination(FieldReader* fields, KafkaOutput* kafka) {
  fields->Required("destination", [&](const Value& v) { ReadObjectName(v, &kafka->destination); });
  fields->Optional("topic", [&](const Value& v) { ReadTopic(v, &kafka->topic); });
}

void ReadKafka(const Value& value, KafkaOutput* kafka) {
  FieldReader fields(value);
  if (value.faults->form == BrokerForm::kInline) {
    ReadInlineKafka(&fields, kafka);
  } else {
    ReadKafkaByDestination(&fields, kafka);
  }
  fields.Optional("compression", [&](const Value& v) { ReadCompression(v, &kafka->compression); });
  fields.Optional("deliveryTimeout", [&](const Value& v) {
    v.Duration(base::kSecond, kDay, &kafka->delivery_timeout);
  });
  fields.Optional("maxRecordSize",
                  [&](const Value& v) { v.Bytes(1024, 64 << 20, &kafka->max_record_bytes); });
}

bool ReadType(const Value& value, OutputType* type) {
  const int choice = value.Choice({"File", "Stdout", "Kafka", "Otlp"});
  if (choice >= 0) *type = static_cast<OutputType>(choice);
  return choice >= 0;
}

}  // namespace

void ParseOutput(const Value& value, OutputSpec* output) {
  FieldReader fields(value);
  fields.Required("name", [&](const Value& v) {
    if (v.Text(&output->name) && !IsDnsLabel(output->name)) {
      v.Invalid("must be 1 to 63 lower-case letters, digits or '-', such as errors-file");
    }
  });
  bool known = false;
  fields.Required("type", [&](const Value& v) { known = ReadType(v, &output->type); });
  fields.Optional("match", [&](const Value& v) { ParseMatch(v, &output->match); });
  fields.Optional("queueSize",
                  [&](const Value& v) { v.Bytes(64 << 10, 4ull << 30, &output->queue_bytes_max); });
  const auto block = [&](const char* name, OutputType type, auto read) {
    if (known && output->type == type && type != OutputType::kStdout) {
      return fields.Required(name, read);
    }
    fields.Optional(name, [&](const Value& v) {
      if (!known) return;  // whether it belongs there is known once the type is corrected
      if (output->type == type) return read(v);
      v.Invalid("does not belong to this type: remove it or change type");
    });
  };
  block("file", OutputType::kFile, [&](const Value& v) { ReadFile(v, &output->file); });
  block("kafka", OutputType::kKafka, [&](const Value& v) { ReadKafka(v, &output->kafka); });
  block("otlp", OutputType::kOtlp, [&](const Value& v) { ParseOtlp(v, &output->otlp); });
  block("stdout", OutputType::kStdout, [](const Value& v) { FieldReader none(v); });
}

}  // namespace traffictap::tap
