// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"

// The parts of a template: values only. json_path.cc reads them, parse_json_path.cc makes them.
namespace traffictap::cli::print {

struct PathFilter;

// One step from a value to others.
struct PathStep {
  enum class Kind { kField, kAll, kIndex, kSlice, kUnion, kDescend, kFilter };
  Kind kind = Kind::kField;
  std::string field;                   // kField
  std::optional<long> begin;           // kIndex, kSlice; below 0: from the end
  std::optional<long> end;             // kSlice
  long stride = 1;                     // kSlice
  std::vector<PathStep> members;       // kUnion
  std::shared_ptr<PathFilter> filter;  // kFilter
};

struct ValuePath {
  bool from_record = false;  // "$": from the record, wherever it stands
  std::vector<PathStep> steps;
};

using Literal = std::variant<std::string, double, bool>;
using Operand = std::variant<ValuePath, Literal>;

struct PathFilter {
  enum class Compare { kExists, kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };
  ValuePath left;
  Compare compare = Compare::kExists;
  Operand right;
};

// A text, a path, or a range with what it repeats.
struct TemplateNode {
  enum class Kind { kText, kPath, kRange };
  Kind kind = Kind::kText;
  std::string text;
  ValuePath path;
  std::vector<TemplateNode> body;
};

// The nodes of a template as the body of one that stands for the record.
StatusOr<TemplateNode> ParseTemplate(std::string_view text);

}  // namespace traffictap::cli::print
