// SPDX-License-Identifier: Apache-2.0

// The fields of a message are those of its descriptor, in a table that is made once. A line has them in
// the order in which our own writer puts them, so the field that comes next is nearly always the one
// that is looked at first.
#include "traffic/record_reader.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/rfc3339.h"
#include "fmt/format.h"
#include "simdjson.h"

namespace traffictap::traffic {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

struct Fields;

struct Field {
  std::string name;  // in JSON
  const FieldDescriptor* descriptor = nullptr;
  bool time = false;
  const Fields* members = nullptr;  // of a message that is no time
};

struct Fields {
  std::vector<Field> all;

  // The field `name` or null. `next`: where to look first; 0 for an object's first one.
  const Field* Find(std::string_view name, size_t* next) const {
    for (size_t looked_at = 0; looked_at < all.size(); ++looked_at) {
      if (*next == all.size()) *next = 0;
      const Field& field = all[(*next)++];
      if (field.name == name) return &field;
    }
    return nullptr;
  }
};

// Of a record and of what is in it.
class Schema {
 public:
  Schema() : record_(Add(v1::TrafficPair::descriptor())) {}

  const Fields& record() const { return *record_; }

 private:
  const Fields* Add(const Descriptor* message) {
    const auto [found, fresh] = messages_.try_emplace(message);
    Fields* const out = &found->second;
    for (int i = 0; fresh && i < message->field_count(); ++i) {
      Field field;
      field.descriptor = message->field(i);
      field.name = field.descriptor->camelcase_name();
      const Descriptor* of = field.descriptor->message_type();
      field.time = of == Timestamp::descriptor();
      if (of != nullptr && !field.time && !field.descriptor->is_map()) field.members = Add(of);
      out->all.push_back(std::move(field));
    }
    return out;
  }

  std::map<const Descriptor*, Fields> messages_;
  const Fields* const record_;
};

const Fields& RecordFields() {
  static const auto* schema = new Schema;
  return schema->record();
}

// A whole number; protobuf's mapping writes those of 64 bits as texts.
bool ReadUnsigned(const element& value, uint64_t* out) {
  if (value.is<uint64_t>()) return value.get(*out) == simdjson::SUCCESS;
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return false;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), *out);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

std::optional<base::Nanos> ReadTime(const element& value) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return std::nullopt;
  return base::ParseRfc3339(std::string(text));
}

// Puts what an object says into a message; or, where that is null, only tells whether it could.
class Reading {
 public:
  bool Object(const object& from, const Fields& fields, Message* out) {
    uint64_t met = 0;  // no message has more than 64 fields
    size_t next = 0;
    for (const auto& [key, value] : from) {
      const Field* field = fields.Find(key, &next);
      if (field == nullptr) continue;
      const uint64_t bit = uint64_t{1} << (static_cast<size_t>(field - fields.all.data()) % 64);
      twice_ |= (met & bit) != 0;
      met |= bit;
      if (value.is_null() || Value(value, *field, out)) continue;
      if (fault_ == nullptr) fault_ = field->descriptor;
      return false;
    }
    return true;
  }

  // The innermost field that is not what it should be; null: there is none.
  const FieldDescriptor* fault() const { return fault_; }
  // Some object has a field twice.
  bool twice() const { return twice_; }

 private:
  bool Value(const element& value, const Field& field, Message* out) {
    if (field.descriptor->is_map()) return Map(value, field, out);
    if (field.descriptor->is_repeated()) return List(value, field, out);
    if (field.descriptor->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      return Scalar(value, field.descriptor, out);
    }
    const auto make = [&] { return out->GetReflection()->MutableMessage(out, field.descriptor); };
    return MessageIn(value, field, out == nullptr ? nullptr : make());
  }

  bool MessageIn(const element& value, const Field& field, Message* out) {
    if (field.time) return Time(value, out);
    object members;
    return value.get(members) == simdjson::SUCCESS && Object(members, *field.members, out);
  }

  static bool Time(const element& value, Message* out) {
    const auto time = ReadTime(value);
    if (!time || out == nullptr) return time.has_value();
    auto* timestamp = google::protobuf::DynamicCastToGenerated<Timestamp>(out);
    timestamp->set_seconds(*time / base::kSecond);
    timestamp->set_nanos(static_cast<int32_t>(*time % base::kSecond));
    return true;
  }

  static bool Map(const element& value, const Field& field, Message* out) {
    object members;
    if (value.get(members) != simdjson::SUCCESS) return false;
    const auto* entry = field.descriptor->message_type();
    for (const auto& [key, member] : members) {
      std::string_view text;
      if (member.get(text) != simdjson::SUCCESS) return false;
      if (out == nullptr) continue;
      Message* added = out->GetReflection()->AddMessage(out, field.descriptor);
      added->GetReflection()->SetString(added, entry->map_key(), std::string(key));
      added->GetReflection()->SetString(added, entry->map_value(), std::string(text));
    }
    return true;
  }

  bool List(const element& value, const Field& field, Message* out) {
    array list;
    if (value.get(list) != simdjson::SUCCESS) return false;
    const auto* descriptor = field.descriptor;
    const bool messages = descriptor->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    const auto add = [&] { return out->GetReflection()->AddMessage(out, descriptor); };
    for (const element& item : list) {
      std::string_view text;
      if (messages) {
        if (!MessageIn(item, field, out == nullptr ? nullptr : add())) return false;
        continue;
      }
      if (item.get(text) != simdjson::SUCCESS) return false;
      if (out != nullptr) out->GetReflection()->AddString(out, descriptor, std::string(text));
    }
    return true;
  }

  static bool Scalar(const element& value, const FieldDescriptor* field, Message* out) {
    const auto* reflection = out == nullptr ? nullptr : out->GetReflection();
    std::string_view text;
    uint64_t number = 0;
    double real = 0;
    bool truth = false;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        if (value.get(text) != simdjson::SUCCESS) return false;
        if (out != nullptr) reflection->SetString(out, field, std::string(text));
        return true;
      case FieldDescriptor::CPPTYPE_UINT32:
        if (!ReadUnsigned(value, &number) || number > UINT32_MAX) return false;
        if (out != nullptr) reflection->SetUInt32(out, field, static_cast<uint32_t>(number));
        return true;
      case FieldDescriptor::CPPTYPE_UINT64:
        if (!ReadUnsigned(value, &number)) return false;
        if (out != nullptr) reflection->SetUInt64(out, field, number);
        return true;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        if (!value.is_number() || value.get(real) != simdjson::SUCCESS) return false;
        if (out != nullptr) reflection->SetDouble(out, field, real);
        return true;
      case FieldDescriptor::CPPTYPE_BOOL:
        if (value.get(truth) != simdjson::SUCCESS) return false;
        if (out != nullptr) reflection->SetBool(out, field, truth);
        return true;
      default: return false;
    }
  }

  const FieldDescriptor* fault_ = nullptr;
  bool twice_ = false;
};

Status NoRecord(std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("read record: {}", why));
}

// False: it is there, and no text. `to` is empty where there is none.
bool TakeText(const object& from, std::string_view name, std::string* to) {
  to->clear();
  element value;
  if (from.at_key(name).get(value) == simdjson::NO_SUCH_FIELD) return true;
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return false;
  to->assign(text);
  return true;
}

bool SkimSide(const element& side, RecordSkim* to) {
  object members;
  if (side.get(members) != simdjson::SUCCESS) return false;
  std::optional<uint64_t> code;
  for (const auto& [key, value] : members) {
    if (key == "reduced") to->reduced = true;
    if (key != "code" || code) continue;
    if (value.get(code.emplace()) != simdjson::SUCCESS || *code > UINT32_MAX) return false;
  }
  to->codes.push_back(static_cast<uint32_t>(code.value_or(0)));
  return true;
}

bool SkimSides(const object& record, RecordSkim* to) {
  to->codes.clear();
  to->reduced = false;
  element client;
  if (record.at_key("client").get(client) == simdjson::SUCCESS && !SkimSide(client, to))
    return false;
  element servers;
  if (record.at_key("server").get(servers) != simdjson::SUCCESS) return true;
  array list;
  if (servers.get(list) != simdjson::SUCCESS) return false;
  for (const element& server : list) {
    if (!SkimSide(server, to)) return false;
  }
  return true;
}

bool Has(const object& record, std::string_view name) {
  element value;
  return record.at_key(name).get(value) == simdjson::SUCCESS && !value.is_null();
}

base::Nanos StartOf(const object& record) {
  object timings;
  element start;
  if (record.at_key("timings").get(timings) != simdjson::SUCCESS) return 0;
  if (timings.at_key("startTime").get(start) != simdjson::SUCCESS) return 0;
  return ReadTime(start).value_or(0);
}

}  // namespace

struct RecordReader::Parsed {
  simdjson::dom::parser parser;
  object record;
};

RecordReader::RecordReader() : parsed_(std::make_unique<Parsed>()) {}
RecordReader::~RecordReader() = default;

Status RecordReader::Begin(std::string_view line) {
  element document;
  if (const auto error = parsed_->parser.parse(line.data(), line.size()).get(document)) {
    return NoRecord(simdjson::error_message(error));
  }
  if (document.get(parsed_->record) != simdjson::SUCCESS) return NoRecord("no object of JSON");
  return absl::OkStatus();
}

bool RecordReader::Skim(RecordSkim* out) const {
  const object& record = parsed_->record;
  object request;
  if (record.at_key("request").get(request) != simdjson::SUCCESS) return false;
  std::string word;
  if (!TakeText(request, "protocol", &word)) return false;
  out->tcp = word == "TCP";
  if (!TakeText(record, "state", &word)) return false;
  out->open = word == "Open";
  return TakeText(request, "id", &out->request_id) && TakeText(request, "method", &out->method) &&
         TakeText(request, "path", &out->path) && TakeText(record, "id", &out->id) &&
         TakeText(record, "verdict", &out->verdict) && SkimSides(record, out);
}

bool RecordReader::IsSound(base::Nanos* start) const {
  const object& record = parsed_->record;
  Reading reading;
  if (!reading.Object(record, RecordFields(), nullptr) || reading.twice()) return false;
  if (!Has(record, "timings") && !Has(record, "request")) return false;
  *start = StartOf(record);
  return true;
}

StatusOr<v1::TrafficPair> RecordReader::Read() const {
  v1::TrafficPair pair;
  Reading reading;
  if (!reading.Object(parsed_->record, RecordFields(), &pair)) {
    return NoRecord(fmt::format("{} is not of its type", reading.fault()->full_name()));
  }
  if (!pair.has_timings() && !pair.has_request()) {
    return NoRecord("neither request nor timings are in it");
  }
  return pair;
}

bool IsPlainJson(std::string_view text) {
  thread_local simdjson::dom::parser parser;
  return text.find("\\u") == std::string_view::npos &&
         parser.parse(text.data(), text.size()).error() == simdjson::SUCCESS;
}

}  // namespace traffictap::traffic
