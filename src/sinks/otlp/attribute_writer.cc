// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/attribute_writer.h"

#include <algorithm>

#include "base/utf8.h"
#include "traffic/access_entry.h"

namespace traffictap::sinks {

std::string ToUtf8(std::string_view text) {
  const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), ascii)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const size_t length = base::Utf8SequenceLength(text);
    out.append(length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, length));
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

opentelemetry::proto::common::v1::AnyValue* AttributeWriter::Add(std::string_view key) {
  auto* attribute = out_->Add();
  attribute->set_key(key.data(), key.size());
  return attribute->mutable_value();
}

void AttributeWriter::Text(std::string_view key, std::string_view value) {
  if (!value.empty()) Add(key)->set_string_value(ToUtf8(value));
}

void AttributeWriter::Texts(std::string_view key, const std::vector<std::string>& values) {
  if (values.empty()) return;
  auto* array = Add(key)->mutable_array_value();
  for (const auto& value : values) array->add_values()->set_string_value(ToUtf8(value));
}

void AttributeWriter::Number(std::string_view key, uint64_t value) {
  if (value != 0) Add(key)->set_int_value(static_cast<int64_t>(value));
}

void AttributeWriter::Decimal(std::string_view key, double value) {
  Add(key)->set_double_value(value);
}

void AttributeWriter::Milliseconds(std::string_view key, base::Nanos nanos) {
  if (nanos != traffic::kAbsent) Difference(key, nanos);
}

void AttributeWriter::Difference(std::string_view key, base::Nanos nanos) {
  Decimal(key, static_cast<double>(nanos) / base::kMillisecond);
}

}  // namespace traffictap::sinks
