// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "opentelemetry/proto/common/v1/common.pb.h"

namespace traffictap::sinks {

// `text` with each byte that is not UTF-8 as U+FFFD: a request with any other would be refused as
// a whole.
std::string ToUtf8(std::string_view text);

// Appends attributes. What is empty, zero or absent is left out unless a function says otherwise.
class AttributeWriter {
 public:
  using Attributes = google::protobuf::RepeatedPtrField<opentelemetry::proto::common::v1::KeyValue>;

  explicit AttributeWriter(Attributes* out) : out_(out) {}

  void Text(std::string_view key, std::string_view value);
  void Texts(std::string_view key, const std::vector<std::string>& values);
  void Number(std::string_view key, uint64_t value);
  // A decimal as it is: zero is written too.
  void Decimal(std::string_view key, double value);
  // Milliseconds as a decimal; traffic::kAbsent is left out, zero is not.
  void Milliseconds(std::string_view key, base::Nanos nanos);
  // The same where no value stands for an absent one: a difference may be any number.
  void Difference(std::string_view key, base::Nanos nanos);

 private:
  opentelemetry::proto::common::v1::AnyValue* Add(std::string_view key);

  Attributes* const out_;
};

}  // namespace traffictap::sinks
