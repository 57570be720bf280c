#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tap/parse_tap.h"
#include "tap/yaml_document.h"

namespace traffictap::tap {

// Where the faults of one file are gathered, and the paths of the fields that the parser knows
// ("spec.targets[].kind").
struct Faults {
  std::string file;
  BrokerForm form = BrokerForm::kInline;  // which of two forms the file is held to
  std::vector<ParseError> errors;
  std::set<std::string> known;

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

  bool Has(const std::string& name);
  // Calls `visit` where the field is there and not null.
  void Optional(const std::string& name, const std::function<void(const Value&)>& visit);
  void Required(const std::string& name, const std::function<void(const Value&)>& visit);
  // Every field is known: labels and the like.
  void AcceptAll() { accept_all_ = true; }
  void Fault(const char* reason, const std::string& message) const;

 private:
  const YamlNode* Find(const std::string& name);

  Value value_;
  bool accept_all_ = false;
  std::vector<std::string> names_;
};

}  // namespace traffictap::tap
