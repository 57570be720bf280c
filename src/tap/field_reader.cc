// SPDX-License-Identifier: Apache-2.0

// Nothing fails here: each fault is added to Faults with its line and path, and reading goes on, so
// that an author sees all of them together. What was read badly keeps its default; Good() keeps
// rules over several fields from adding a second fault to one that is told already. A known field
// is one that somebody has asked for, which is why the destructor reports the others.
#include "tap/field_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <string_view>

#include "base/nearest_name.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tap/values.h"

namespace traffictap::tap {
namespace {

std::string Suggest(const std::string& name, const std::vector<std::string>& known) {
  const std::string best = base::NearestName(name, known);
  if (!best.empty()) return fmt::format("is not a field: did you mean {}?", best);
  return fmt::format("is not a field: allowed here are {}", fmt::join(known, ", "));
}

std::string Join(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

// See UnknownFields.
bool MayPassOver(const Faults& faults, const std::string& path) {
  return faults.unknown == UnknownFields::kPassOver &&
         path.find("spec.redaction") == std::string::npos;
}

}  // namespace

void Faults::Add(const YamlNode& node, const std::string& field, const char* reason,
                 const std::string& message) {
  errors.push_back({file, node.line, field, reason, message});
}

void Value::Invalid(const std::string& message) const {
  faults->Add(*node, path, "InvalidValue", message);
}

bool Value::Text(std::string* out) const {
  if (node->kind != YamlNode::Kind::kScalar || node->text.empty()) {
    Invalid("must be text that is not empty");
    return false;
  }
  *out = node->text;
  return true;
}

// The words of YAML 1.1, as kubectl reads them.
bool Value::Bool(bool* out) const {
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    return node->kind == YamlNode::Kind::kScalar &&
           std::find(words.begin(), words.end(), node->text) != words.end();
  };
  const bool yes = is_one_of({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"});
  const bool no = is_one_of({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"});
  if (yes || no) {
    *out = yes;
  } else {
    Invalid("must be one of false, true");
  }
  return yes || no;
}

bool Value::Number(uint64_t low, uint64_t high, uint64_t* out) const {
  const std::string& text = node->text;
  uint64_t number = 0;
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const bool leading_zero = text.size() > 1 && text[0] == '0';
  if (node->kind != YamlNode::Kind::kScalar || error != std::errc() || stop != end ||
      leading_zero || number < low || number > high) {
    Invalid(fmt::format("must be a whole decimal number from {} to {}", low, high));
    return false;
  }
  *out = number;
  return true;
}

bool Value::Real(double low, double high, double* out) const {
  const std::string& text = node->text;
  double number = 0;
  const auto end = text.data() + text.size();
  // Also "1e-7": so the API server prints a small fraction.
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (node->kind != YamlNode::Kind::kScalar || error != std::errc() || stop != end ||
      !(number >= low && number <= high)) {
    Invalid(fmt::format("must be a number from {} to {}, such as 0.25", low, high));
    return false;
  }
  *out = number;
  return true;
}

bool Value::Duration(base::Nanos low, base::Nanos high, base::Nanos* out) const {
  const StatusOr<base::Nanos> duration = ParseDuration(node->text);
  if (!duration.ok()) {
    Invalid(Message(duration.status()));
    return false;
  }
  if (*duration < low || *duration > high) {
    Invalid(fmt::format("must be from {}ms to {}ms", low / base::kMillisecond,
                        high / base::kMillisecond));
    return false;
  }
  *out = *duration;
  return true;
}

bool Value::Bytes(uint64_t low, uint64_t high, uint64_t* out) const {
  const StatusOr<uint64_t> bytes = ParseBytes(node->text);
  if (!bytes.ok()) {
    Invalid(Message(bytes.status()));
    return false;
  }
  if (*bytes < low || *bytes > high) {
    Invalid(fmt::format("must be from {} to {} bytes", low, high));
    return false;
  }
  *out = *bytes;
  return true;
}

int Value::Choice(const std::vector<std::string>& names) const {
  const auto found = std::find(names.begin(), names.end(), node->text);
  if (node->kind == YamlNode::Kind::kScalar && found != names.end()) {
    return static_cast<int>(found - names.begin());
  }
  Invalid(fmt::format("must be one of {}", fmt::join(names, ", ")));
  return -1;
}

void Value::Each(size_t max, const std::function<void(const Value&)>& visit) const {
  if (node->kind != YamlNode::Kind::kList) return Invalid("must be a list");
  if (node->children.size() > max) return Invalid(fmt::format("has more than {} elements", max));
  for (size_t i = 0; i < node->children.size(); ++i) {
    visit({&node->children[i], fmt::format("{}[{}]", path, i), faults});
  }
}

FieldReader::FieldReader(const Value& value)
    : value_(value), faults_before_(value.faults->errors.size()) {
  if (value_.node->kind != YamlNode::Kind::kMap) {
    value_.Invalid("must be a map of fields");
    accept_all_ = true;
  }
  std::set<std::string> seen;
  for (const YamlNode& child : value_.node->children) {
    if (value_.node->kind != YamlNode::Kind::kMap || seen.insert(child.key).second) continue;
    value_.faults->errors.push_back({value_.faults->file, child.key_line,
                                     Join(value_.path, child.key), "DuplicateKey",
                                     "is written twice: keep one"});
  }
}

FieldReader::~FieldReader() {
  if (accept_all_) return;
  for (const YamlNode& child : value_.node->children) {
    if (std::find(names_.begin(), names_.end(), child.key) != names_.end()) continue;
    const std::string path = Join(value_.path, child.key);
    auto& out = MayPassOver(*value_.faults, path) ? value_.faults->warnings : value_.faults->errors;
    out.push_back(
        {value_.faults->file, child.key_line, path, "UnknownField", Suggest(child.key, names_)});
  }
}

const YamlNode* FieldReader::Find(const std::string& name) {
  if (std::find(names_.begin(), names_.end(), name) == names_.end()) names_.push_back(name);
  if (value_.node->kind != YamlNode::Kind::kMap) return nullptr;
  for (const YamlNode& child : value_.node->children) {
    if (child.key == name && child.kind != YamlNode::Kind::kNull) return &child;
  }
  return nullptr;
}

void FieldReader::Visit(const YamlNode* node, const std::string& name,
                        const std::function<void(const Value&)>& visit) {
  const size_t before = value_.faults->errors.size();
  visit({node, Join(value_.path, name), value_.faults});
  if (value_.faults->errors.size() == before) good_.insert(name);
}

bool FieldReader::Has(const std::string& name) { return Find(name) != nullptr; }

void FieldReader::Optional(const std::string& name,
                           const std::function<void(const Value&)>& visit) {
  if (const YamlNode* node = Find(name)) Visit(node, name, visit);
}

void FieldReader::Required(const std::string& name,
                           const std::function<void(const Value&)>& visit) {
  const YamlNode* node = Find(name);
  if (node != nullptr) return Visit(node, name, visit);
  value_.faults->Add(*value_.node, Join(value_.path, name), "MissingField", "is required: add it");
}

void FieldReader::Fault(const char* reason, const std::string& message) const {
  value_.faults->Add(*value_.node, value_.path, reason, message);
}

void ReadLabels(const Value& value, Labels* labels) {
  FieldReader fields(value);
  fields.AcceptAll();
  for (const YamlNode& child : value.node->children) {
    const Value label{&child, value.path + "." + child.key, value.faults};
    if (child.kind == YamlNode::Kind::kList || child.kind == YamlNode::Kind::kMap) {
      label.Invalid("must be text");
    }
    (*labels)[child.key] = child.text;
  }
}

void ReadMetadata(const Value& value, std::string* name, std::string* ns) {
  FieldReader fields(value);
  Labels ignored;
  const auto read_label = [](const Value& v, std::string* out) {
    if (v.Text(out) && !IsDnsLabel(*out)) {
      v.Invalid("must be 1 to 63 lower-case letters, digits or '-', not '-' at an end");
    }
  };
  fields.Required("name", [&](const Value& v) { read_label(v, name); });
  fields.Optional("namespace", [&](const Value& v) {
    if (ns == nullptr) return v.Invalid("this kind belongs to no namespace: remove it");
    read_label(v, ns);
  });
  for (const char* map : {"labels", "annotations"}) {
    fields.Optional(map, [&](const Value& v) { ReadLabels(v, &ignored); });
  }
  for (const char* server_side :
       {"uid", "generation", "resourceVersion", "creationTimestamp", "deletionTimestamp",
        "deletionGracePeriodSeconds", "managedFields", "ownerReferences", "finalizers",
        "generateName", "selfLink"}) {
    fields.Has(server_side);
  }
}

}  // namespace traffictap::tap
