// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tap/parse_fault.h"
#include "tap/tap_spec.h"
#include "tap/yaml_document.h"

namespace traffictap::tap {

// Where the faults of one file are gathered, and what the document is held to.
struct Faults {
  std::string file;
  BrokerForm form = BrokerForm::kInline;
  UnknownFields unknown = UnknownFields::kRefuse;
  std::vector<ParseError> errors = {};
  std::vector<ParseError> warnings = {};  // unknown fields that were passed over
  bool cluster_scoped = false;            // the document at hand belongs to no namespace

  void Add(const YamlNode& node, const std::string& field, const char* reason,
           const std::string& message);
};

// One value and its path. Reads are strict and report what is wrong instead of failing.
struct Value {
  const YamlNode* node;
  std::string path;
  Faults* faults;

  void Invalid(const std::string& message) const;
  bool Text(std::string* out) const;  // not empty
  bool Bool(bool* out) const;
  bool Number(uint64_t low, uint64_t high, uint64_t* out) const;
  bool Real(double low, double high, double* out) const;
  bool Duration(base::Nanos low, base::Nanos high, base::Nanos* out) const;
  bool Bytes(uint64_t low, uint64_t high, uint64_t* out) const;
  // The index of the text in `names`, or -1 with a fault that lists them.
  int Choice(const std::vector<std::string>& names) const;
  void Each(size_t max, const std::function<void(const Value&)>& visit) const;
};

// The fields of a map. Each known name is asked for once; the destructor reports the rest with the
// nearest name.
class FieldReader {
 public:
  explicit FieldReader(const Value& value);
  ~FieldReader();
  FieldReader(const FieldReader&) = delete;
  FieldReader& operator=(const FieldReader&) = delete;

  // Whether the field is there and not null.
  bool Has(const std::string& name);
  // Whether the field was there and read without a fault.
  bool Good(const std::string& name) const { return good_.contains(name); }
  // Whether this map and what is in it have no fault so far.
  bool clean() const { return value_.faults->errors.size() == faults_before_; }
  BrokerForm form() const { return value_.faults->form; }
  bool cluster_scoped() const { return value_.faults->cluster_scoped; }
  // Calls `visit` where the field is there and not null.
  void Optional(const std::string& name, const std::function<void(const Value&)>& visit);
  void Required(const std::string& name, const std::function<void(const Value&)>& visit);
  // Every field counts as known: labels and the like.
  void AcceptAll() { accept_all_ = true; }
  void Fault(const char* reason, const std::string& message) const;

 private:
  const YamlNode* Find(const std::string& name);
  void Visit(const YamlNode* node, const std::string& name,
             const std::function<void(const Value&)>& visit);

  Value value_;
  size_t faults_before_;
  bool accept_all_ = false;
  std::set<std::string> good_;
  std::vector<std::string> names_;
};

void ReadLabels(const Value& value, Labels* labels);
// metadata: the name and, where `ns` is not null, the namespace; what the API server adds is passed
// over.
void ReadMetadata(const Value& value, std::string* name, std::string* ns);

}  // namespace traffictap::tap
