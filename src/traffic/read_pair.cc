// SPDX-License-Identifier: Apache-2.0
#include "traffic/read_pair.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "base/rfc3339.h"
#include "fmt/format.h"
#include "simdjson.h"
#include "traffic/record_mark.h"

namespace traffictap::traffic {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using simdjson::dom::element;
using simdjson::dom::element_type;

bool ReadObject(const simdjson::dom::object& object, Message* out, std::string* fault);

// A whole number; protobuf's mapping writes those of 64 bits as texts.
bool ReadUnsigned(const element& value, uint64_t* out) {
  if (value.is<uint64_t>()) return value.get(*out) == simdjson::SUCCESS;
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return false;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), *out);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

bool ReadTime(const element& value, Message* out) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return false;
  const auto time = base::ParseRfc3339(std::string(text));
  if (!time) return false;
  auto* timestamp = google::protobuf::DynamicCastToGenerated<google::protobuf::Timestamp>(out);
  timestamp->set_seconds(*time / base::kSecond);
  timestamp->set_nanos(static_cast<int32_t>(*time % base::kSecond));
  return true;
}

bool ReadMessage(const element& value, Message* out, std::string* fault) {
  if (out->GetDescriptor() == google::protobuf::Timestamp::descriptor())
    return ReadTime(value, out);
  simdjson::dom::object object;
  return value.get(object) == simdjson::SUCCESS && ReadObject(object, out, fault);
}

bool ReadMap(const element& value, const FieldDescriptor* field, Message* out) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return false;
  const auto* entry = field->message_type();
  for (const auto& [key, element] : object) {
    std::string_view text;
    if (element.get(text) != simdjson::SUCCESS) return false;
    Message* added = out->GetReflection()->AddMessage(out, field);
    added->GetReflection()->SetString(added, entry->map_key(), std::string(key));
    added->GetReflection()->SetString(added, entry->map_value(), std::string(text));
  }
  return true;
}

bool ReadList(const element& value, const FieldDescriptor* field, Message* out,
              std::string* fault) {
  simdjson::dom::array list;
  if (value.get(list) != simdjson::SUCCESS) return false;
  const auto* reflection = out->GetReflection();
  for (const element& item : list) {
    std::string_view text;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!ReadMessage(item, reflection->AddMessage(out, field), fault)) return false;
    } else if (item.get(text) == simdjson::SUCCESS) {
      reflection->AddString(out, field, std::string(text));
    } else {
      return false;
    }
  }
  return true;
}

bool ReadScalar(const element& value, const FieldDescriptor* field, Message* out) {
  const auto* reflection = out->GetReflection();
  std::string_view text;
  uint64_t number = 0;
  double real = 0;
  bool truth = false;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (value.get(text) != simdjson::SUCCESS) return false;
      reflection->SetString(out, field, std::string(text));
      return true;
    case FieldDescriptor::CPPTYPE_UINT32:
      if (!ReadUnsigned(value, &number) || number > UINT32_MAX) return false;
      reflection->SetUInt32(out, field, static_cast<uint32_t>(number));
      return true;
    case FieldDescriptor::CPPTYPE_UINT64:
      if (!ReadUnsigned(value, &number)) return false;
      reflection->SetUInt64(out, field, number);
      return true;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      if (!value.is_number() || value.get(real) != simdjson::SUCCESS) return false;
      reflection->SetDouble(out, field, real);
      return true;
    case FieldDescriptor::CPPTYPE_BOOL:
      if (value.get(truth) != simdjson::SUCCESS) return false;
      reflection->SetBool(out, field, truth);
      return true;
    default: return false;
  }
}

bool ReadField(const element& value, const FieldDescriptor* field, Message* out,
               std::string* fault) {
  if (value.type() == element_type::NULL_VALUE) return true;
  if (field->is_map()) return ReadMap(value, field, out);
  if (field->is_repeated()) return ReadList(value, field, out, fault);
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return ReadScalar(value, field, out);
  return ReadMessage(value, out->GetReflection()->MutableMessage(out, field), fault);
}

// `fault` gets the innermost field that is not what it should be.
bool ReadObject(const simdjson::dom::object& object, Message* out, std::string* fault) {
  for (const auto& [key, value] : object) {
    const auto* field = out->GetDescriptor()->FindFieldByCamelcaseName(std::string(key));
    if (field == nullptr || ReadField(value, field, out, fault)) continue;
    if (fault->empty()) *fault = field->full_name();
    return false;
  }
  return true;
}

Status NoRecord(std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("read record: {}", why));
}

RecordMark MarkOf(const v1::TrafficPair& record) {
  RecordMark out;
  out.sides = static_cast<uint32_t>(record.server_size()) + (record.has_client() ? 1 : 0);
  out.open = !record.state().empty();
  out.duration = std::max(record.timings().client_ms(), record.timings().server_ms());
  return out;
}

}  // namespace

StatusOr<v1::TrafficPair> ReadPair(std::string_view line) {
  // Its buffers are as large as the longest line so far.
  thread_local simdjson::dom::parser parser;
  element document;
  if (const auto error = parser.parse(line.data(), line.size()).get(document)) {
    return NoRecord(simdjson::error_message(error));
  }
  simdjson::dom::object object;
  if (document.get(object) != simdjson::SUCCESS) return NoRecord("no object of JSON");
  v1::TrafficPair pair;
  std::string fault;
  if (!ReadObject(object, &pair, &fault)) return NoRecord(fault + " is not of its type");
  if (!pair.has_timings() && !pair.has_request()) {
    return NoRecord("neither request nor timings are in it");
  }
  return pair;
}

double WeightOf(const v1::TrafficPair& record) {
  // A file may hold any number.
  constexpr double kMost = 1e12;
  return record.weight() > 1 && record.weight() < kMost ? record.weight() : 1;
}

bool Replaces(const v1::TrafficPair& record, const v1::TrafficPair& former) {
  const RecordMark mark = MarkOf(record);
  const RecordMark before = MarkOf(former);
  // Not every Envoy says how long a stream has been open.
  const bool goes_on = mark.open && before.open && mark.sides == before.sides;
  return goes_on ? mark.duration >= before.duration : !SaysNoMore(mark, before);
}

}  // namespace traffictap::traffic
