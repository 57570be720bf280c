// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "tap/schema/object.h"

// The three that walk an Object's fields: reader, writer and schema.
namespace traffictap::tap::schema {

template <typename S>
template <typename T>
Kind<S> Object<S>::Of(T S::*member, Kind<T> kind) {
  Kind<S> out;
  out.read = [member, read = kind.read](const Value& value, S* to) { read(value, &(to->*member)); };
  out.write = [member, write = kind.write](const S& from) { return write(from.*member); };
  out.describe = kind.describe;
  out.has_default = kind.has_default;
  return out;
}

template <typename S>
template <typename E>
Object<S>& Object<S>::OfType(const char* name, E S::*type, E mine, Kind<S> kind, Words text,
                             bool bare) {
  Add(name, std::move(kind), text, !bare);
  parts_->fields.back().mine = [type, mine](const S& spec) { return spec.*type == mine; };
  const std::string word = NameOf(mine);
  if (bare) {
    return Rule("self.type == '" + word + "' || !has(self." + name + ")",
                "only type " + word + " takes " + name);
  }
  return Rule("(self.type == '" + word + "') == has(self." + name + ")",
              "type " + word + " needs " + name + ", and no other type takes it");
}

template <typename S>
void Object<S>::Read(const Field& field, FieldReader* reader, S* out) {
  const auto read = [&](const Value& value) { field.kind.read(value, out); };
  if (field.mine == nullptr) {
    return field.required ? reader->Required(field.name, read) : reader->Optional(field.name, read);
  }
  const bool known = reader->Good("type");
  if (known && field.required && field.mine(*out)) return reader->Required(field.name, read);
  reader->Optional(field.name, [&](const Value& value) {
    if (!known) return;  // whether it belongs there is known once the type is corrected
    if (field.mine(*out)) return read(value);
    value.Invalid("does not belong to this type: remove it or change type");
  });
}

// Defaults are left out, and so is what belongs to another type or form.
template <typename S>
void Object<S>::Write(const Field& field, const S& from, Json* out) {
  if (field.mine != nullptr && !field.mine(from)) return;
  Json json = field.kind.write(from);
  const bool always = field.required && !field.only;
  if (json.is_null() || (!always && json == field.default_json)) return;
  (*out)[field.name] = std::move(json);
}

template <typename S>
Tree Object<S>::Describe(const Parts& parts, Scope scope) {
  Tree out = Described({{"type", "object"}}, parts.description.Of(scope));
  Tree properties = Tree::object();
  Tree required = Tree::array();
  for (const Field& field : parts.fields) {
    if (field.only == BrokerForm::kInline) continue;
    const bool always = field.required && field.mine == nullptr;
    if (always) required.push_back(field.name);
    Tree tree = Described(field.kind.describe(scope), field.text.Of(scope));
    if (field.kind.has_default && !always) tree["default"] = field.default_json;
    properties[field.name] = std::move(tree);
  }
  if (!required.empty()) out["required"] = std::move(required);
  out.update(parts.keywords);
  for (const CelRule& rule : parts.rules) {
    if (!rule.only || *rule.only == scope) AddRule(&out, rule.cel, rule.message);
  }
  out["properties"] = std::move(properties);
  return out;
}

template <typename S>
Kind<S> Object<S>::kind() const {
  const std::shared_ptr<const Parts> parts = parts_;
  Kind<S> out;
  out.read = [parts](const Value& value, S* to) {
    FieldReader reader(value);
    for (const Field& field : parts->fields) {
      if (!field.only || *field.only == value.faults->form) Read(field, &reader, to);
    }
    for (const Check& check : parts->checks) check(reader, *to);
  };
  out.write = [parts](const S& from) {
    Json json = Json::object();
    for (const Field& field : parts->fields) Write(field, from, &json);
    return json;
  };
  out.describe = [parts](Scope scope) { return Describe(*parts, scope); };
  return out;
}

}  // namespace traffictap::tap::schema
