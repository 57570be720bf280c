// SPDX-License-Identifier: Apache-2.0

// kubectl's dialect, as k8s.io/client-go/util/jsonpath has it: a step maps each value to any number
// of values, and what a record does not have is no error but no value. All values are pointers into
// the record, which outlives the call; filters compare a value with literals or with other paths,
// "$" from the record and "@" from the element at hand.
#include "cli/print/json_path.h"

#include <algorithm>

#include "cli/print/json_path_syntax.h"
#include "cli/print/visible_text.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace traffictap::cli::print {
namespace {

using Json = nlohmann::ordered_json;
using Values = std::vector<const Json*>;
using Compare = PathFilter::Compare;

struct Scope {
  const Json* record;
  const Json* current;
};

Values Evaluate(const ValuePath& path, const Scope& scope);

template <typename T>
bool Holds(Compare compare, const T& left, const T& right) {
  switch (compare) {
    case Compare::kEqual: return left == right;
    case Compare::kNotEqual: return left != right;
    case Compare::kLess: return left < right;
    case Compare::kLessOrEqual: return left <= right;
    case Compare::kGreater: return left > right;
    case Compare::kGreaterOrEqual: return left >= right;
    case Compare::kExists: break;
  }
  return true;
}

std::optional<Literal> LiteralOf(const Json& json) {
  if (json.is_string()) return Literal(json.get<std::string>());
  if (json.is_number()) return Literal(json.get<double>());
  if (json.is_boolean()) return Literal(json.get<bool>());
  return std::nullopt;
}

// Values of different kinds are different, and neither is the greater one.
bool HoldsFor(Compare compare, const Literal& left, const Literal& right) {
  if (left.index() != right.index()) return compare == Compare::kNotEqual;
  return Holds(compare, left, right);
}

std::vector<Literal> Literals(const Operand& operand, const Scope& scope) {
  if (const auto* literal = std::get_if<Literal>(&operand)) return {*literal};
  std::vector<Literal> out;
  for (const Json* value : Evaluate(std::get<ValuePath>(operand), scope)) {
    if (auto literal = LiteralOf(*value)) out.push_back(*std::move(literal));
  }
  return out;
}

// Whether it holds for any value of the left side with any of the right one.
bool Admits(const PathFilter& filter, const Scope& scope) {
  const Values left = Evaluate(filter.left, scope);
  if (filter.compare == Compare::kExists) return !left.empty();
  const auto right = Literals(filter.right, scope);
  return std::any_of(left.begin(), left.end(), [&](const Json* value) {
    const auto literal = LiteralOf(*value);
    return literal && std::any_of(right.begin(), right.end(), [&](const Literal& other) {
             return HoldsFor(filter.compare, *literal, other);
           });
  });
}

void AddAll(const Json& value, Values* out) {
  if (!value.is_structured()) return;
  for (const Json& element : value) out->push_back(&element);
}

void AddDescendants(const Json& value, Values* out) {
  out->push_back(&value);
  if (!value.is_structured()) return;
  for (const Json& element : value) AddDescendants(element, out);
}

void AddIndex(const Json& value, long index, Values* out) {
  if (!value.is_array()) return;
  const auto size = static_cast<long>(value.size());
  if (index < 0) index += size;
  if (index >= 0 && index < size) out->push_back(&value[static_cast<size_t>(index)]);
}

void AddSlice(const Json& value, const PathStep& step, Values* out) {
  if (!value.is_array()) return;
  const auto size = static_cast<long>(value.size());
  const auto place = [&](long at) { return std::clamp(at < 0 ? at + size : at, 0L, size); };
  const long end = place(step.end.value_or(size));
  for (long i = place(step.begin.value_or(0)); i < end; i += step.stride) {
    out->push_back(&value[static_cast<size_t>(i)]);
  }
}

void AddStep(const PathStep& step, const Json& value, const Scope& scope, Values* out) {
  switch (step.kind) {
    case PathStep::Kind::kField:
      if (const auto found = value.is_object() ? value.find(step.field) : value.end();
          found != value.end()) {
        out->push_back(&*found);
      }
      return;
    case PathStep::Kind::kAll: return AddAll(value, out);
    case PathStep::Kind::kIndex: return AddIndex(value, *step.begin, out);
    case PathStep::Kind::kSlice: return AddSlice(value, step, out);
    case PathStep::Kind::kDescend: return AddDescendants(value, out);
    case PathStep::Kind::kUnion:
      for (const PathStep& member : step.members) AddStep(member, value, scope, out);
      return;
    case PathStep::Kind::kFilter:
      if (!value.is_array()) return;
      for (const Json& element : value) {
        if (Admits(*step.filter, {scope.record, &element})) out->push_back(&element);
      }
      return;
  }
}

Values Evaluate(const ValuePath& path, const Scope& scope) {
  Values values = {path.from_record ? scope.record : scope.current};
  for (const PathStep& step : path.steps) {
    Values next;
    for (const Json* value : values) AddStep(step, *value, scope, &next);
    values = std::move(next);
  }
  return values;
}

std::string TextOf(const Json& value, bool visible) {
  if (value.is_null()) return {};
  if (value.is_string()) {
    const auto text = value.get<std::string>();
    return visible ? VisibleText(text) : text;
  }
  const std::string json = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return visible ? VisibleJson(json) : json;
}

class Renderer {
 public:
  Renderer(bool visible, std::string* out) : visible_(visible), out_(out) {}

  void Render(const std::vector<TemplateNode>& nodes, const Scope& scope) {
    for (const TemplateNode& node : nodes) RenderOne(node, scope);
  }

 private:
  void RenderOne(const TemplateNode& node, const Scope& scope) {
    if (node.kind == TemplateNode::Kind::kText) {
      *out_ += node.text;
      return;
    }
    const Values values = Evaluate(node.path, scope);
    for (const Json* value : values) {
      if (node.kind == TemplateNode::Kind::kRange) {
        Render(node.body, {scope.record, value});
      } else {
        if (value != values.front()) *out_ += ' ';
        *out_ += TextOf(*value, visible_);
      }
    }
  }

  const bool visible_;
  std::string* const out_;
};

}  // namespace

JsonPath::JsonPath() = default;
JsonPath::JsonPath(JsonPath&&) noexcept = default;
JsonPath::~JsonPath() = default;

StatusOr<JsonPath> JsonPath::Parse(std::string_view text) {
  auto root = ParseTemplate(text);
  if (!root.ok()) return root.status();
  JsonPath out;
  out.root_ = std::make_unique<const TemplateNode>(*std::move(root));
  return out;
}

StatusOr<JsonPath> JsonPath::ParsePath(std::string_view text) {
  std::string_view path = text;
  if (path.starts_with('{') && path.ends_with('}')) path = path.substr(1, path.size() - 2);
  if (path.empty()) return absl::InvalidArgumentError("jsonpath: the path is empty");
  const bool whole = std::string_view(".[@$").find(path.front()) != std::string_view::npos;
  auto out = Parse(fmt::format("{{{}{}}}", whole ? "" : ".", path));
  if (!out.ok()) return out.status();
  const auto& body = out->root_->body;
  if (body.size() == 1 && body[0].kind == TemplateNode::Kind::kPath) return out;
  return absl::InvalidArgumentError(
      fmt::format("jsonpath: \"{}\" must be a single path, for example .source.name", text));
}

std::string JsonPath::Cell(const Json& record) const {
  std::string out;
  for (const Json* value : Evaluate(root_->body.front().path, {&record, &record})) {
    const std::string text = TextOf(*value, /*visible=*/true);
    if (!text.empty()) out += (out.empty() ? "" : ",") + text;
  }
  return out.empty() ? "<none>" : out;
}

void JsonPath::Render(const Json& record, bool visible, std::string* out) const {
  Renderer(visible, out).Render(root_->body, {&record, &record});
}

}  // namespace traffictap::cli::print
