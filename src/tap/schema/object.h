// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tap/enum_names.h"
#include "tap/schema/kind.h"

namespace traffictap::tap::schema {

// The fields of a map that is held as an S, in the order of the document. An optional field's
// default is what a fresh S has. Built once: MatchKind() and the like hold the result.
template <typename S>
class Object {
 public:
  // Reports what no field shows alone; runs after all fields were read.
  using Check = std::function<void(FieldReader&, const S&)>;

  explicit Object(Words description = "") : parts_(std::make_shared<Parts>(description)) {}

  template <typename T>
  Object& Optional(const char* name, T S::*member, Kind<T> kind, Words text) {
    return Add(name, Of(member, kind), text, false);
  }
  template <typename T>
  Object& Optional(const char* name, std::optional<T> S::*member, Kind<T> kind, Words text) {
    return Add(name, Of(member, Maybe(kind)), text, false);
  }
  template <typename T>
  Object& Required(const char* name, T S::*member, Kind<T> kind, Words text) {
    return Add(name, Of(member, kind), text, true);
  }
  // A field whose value stands in more than one member, or a block of members of S itself.
  Object& Optional(const char* name, Kind<S> kind, Words text) {
    return Add(name, std::move(kind), text, false);
  }
  Object& Required(const char* name, Kind<S> kind, Words text) {
    return Add(name, std::move(kind), text, true);
  }
  // A block that belongs to one value of the field "type", and is required there unless `bare`.
  template <typename E>
  Object& OfType(const char* name, E S::*type, E mine, Kind<S> kind, Words text, bool bare = false);

  // The field before belongs to one form of a document alone. The CRD shows kByDestination.
  Object& Only(BrokerForm form) {
    parts_->fields.back().only = form;
    return *this;
  }
  // What holds of the whole map: in CEL for the API server, with its message, and for the reader.
  Object& Rule(std::string cel, std::string message) {
    parts_->rules.push_back({std::move(cel), std::move(message), std::nullopt});
    return *this;
  }
  Object& RuleOf(Scope scope, std::string cel, std::string message) {
    parts_->rules.push_back({std::move(cel), std::move(message), scope});
    return *this;
  }
  Object& Checked(Check check) {
    parts_->checks.push_back(std::move(check));
    return *this;
  }
  // A bare keyword of the schema, such as minProperties.
  Object& Keyword(const char* name, int value) {
    parts_->keywords[name] = value;
    return *this;
  }

  Kind<S> kind() const;

  // A member as a part of S.
  template <typename T>
  static Kind<S> Of(T S::*member, Kind<T> kind);

 private:
  struct Field {
    std::string name;
    Kind<S> kind;
    Words text;
    bool required = false;
    std::optional<BrokerForm> only = std::nullopt;
    std::function<bool(const S&)> mine = nullptr;  // of its type; none: of every type
    Json default_json = nullptr;
  };
  struct CelRule {
    std::string cel;
    std::string message;
    std::optional<Scope> only;
  };
  struct Parts {
    explicit Parts(Words text) : description(text) {}
    Words description;
    std::vector<Field> fields;
    std::vector<CelRule> rules;
    std::vector<Check> checks;
    Tree keywords = Tree::object();
  };

  Object& Add(const char* name, Kind<S> kind, Words text, bool required) {
    Json default_json = kind.write(S());
    parts_->fields.push_back(
        {name, std::move(kind), text, required, std::nullopt, nullptr, std::move(default_json)});
    return *this;
  }
  static void Read(const Field& field, FieldReader* reader, S* out);
  static void Write(const Field& field, const S& from, Json* out);
  static Tree Describe(const Parts& parts, Scope scope);

  std::shared_ptr<Parts> parts_;
};

}  // namespace traffictap::tap::schema

#include "tap/schema/object_visitors.h"  // IWYU pragma: export
