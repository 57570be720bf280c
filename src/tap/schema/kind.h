// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "nlohmann/json.hpp"
#include "tap/field_reader.h"

// A tap's fields, each described once: the reader, the writer and the CRDs come from here.
namespace traffictap::tap::schema {

using Json = nlohmann::json;          // a document that is written: fields sorted
using Tree = nlohmann::ordered_json;  // a part of a CRD: fields in the order of their description

// Whose schema is described: that of a TrafficTap, or of a ClusterTrafficTap.
enum class Scope { kNamespaced, kCluster };

// A text of the schema, which may depend on whose it is.
struct Words {
  Words(const char* both) : namespaced(both), cluster(both) {}  // NOLINT: a text is words
  Words(const char* of_namespaced, const char* of_cluster)
      : namespaced(of_namespaced), cluster(of_cluster) {}

  const char* Of(Scope scope) const { return scope == Scope::kCluster ? cluster : namespaced; }

  const char* namespaced;
  const char* cluster;
};

// One kind of value, held as a T.
template <typename T>
struct Kind {
  std::function<void(const Value&, T*)> read;  // reports what is wrong
  std::function<Json(const T&)> write;         // null: there is nothing to write
  std::function<Tree(Scope)> describe;
  bool has_default = false;  // the CRD names the default of an optional field of this kind
};

// Adds a rule in CEL, with what the API server says where it does not hold.
inline void AddRule(Tree* tree, const std::string& rule, const std::string& message) {
  (*tree)["x-kubernetes-validations"].push_back({{"rule", rule}, {"message", message}});
}

// self.matches of a regular expression that has no double quote.
inline std::string Matches(const std::string& pattern, const std::string& self = "self") {
  return self + ".matches(r\"" + pattern + "\")";
}

// The schema without the API server's defaults: each is told in its description instead. Within the
// items of a list a default would come back with every read, and a tool that compares an object
// with its manifest (Argo CD, kubectl diff) takes a list as a whole: it would see a change for ever.
Tree WithoutDefaults(Tree tree);

// The schema with `text` as its description, where there is one.
inline Tree Described(const Tree& tree, const char* text) {
  if (*text == '\0') return tree;
  Tree out = {{"description", text}};
  for (const auto& [key, value] : tree.items()) {
    if (key != "description") out[key] = value;
  }
  return out;
}

// As the kind, with a description of its own: for the elements of lists.
template <typename T>
Kind<T> Described(Kind<T> kind, Words text) {
  auto describe = std::move(kind.describe);
  kind.describe = [describe, text](Scope scope) {
    return Described(describe(scope), text.Of(scope));
  };
  return kind;
}

// The kind of a member that may be absent and then has no default.
template <typename T>
Kind<std::optional<T>> Maybe(Kind<T> kind) {
  Kind<std::optional<T>> out;
  out.read = [read = kind.read](const Value& value, std::optional<T>* to) {
    const size_t faults = value.faults->errors.size();
    T member{};
    read(value, &member);
    if (value.faults->errors.size() == faults) *to = std::move(member);
  };
  out.write = [write = kind.write](const std::optional<T>& value) {
    return value ? write(*value) : Json();
  };
  out.describe = kind.describe;
  return out;
}

struct ListForm {
  size_t max = 256;
  const char* if_empty = nullptr;  // the fault of a list without elements; none: it may be empty
};

template <typename T>
Kind<std::vector<T>> List(Kind<T> element, ListForm form = {}) {
  Kind<std::vector<T>> out;
  out.read = [read = element.read, form](const Value& value, std::vector<T>* to) {
    to->clear();
    value.Each(form.max, [&](const Value& item) { read(item, &to->emplace_back()); });
    if (form.if_empty != nullptr && value.node->children.empty()) value.Invalid(form.if_empty);
  };
  out.write = [write = element.write](const std::vector<T>& list) {
    Json json = Json::array();
    for (const T& item : list) json.push_back(write(item));
    return json;
  };
  out.describe = [describe = element.describe, form](Scope scope) {
    Tree tree = {{"type", "array"}};
    if (form.if_empty != nullptr) tree["minItems"] = 1;
    tree["maxItems"] = form.max;
    tree["items"] = WithoutDefaults(describe(scope));
    return tree;
  };
  return out;
}

// Of ListByName: reports each of `names` that an element before has, and the list's schema.
void RefuseRepeats(const Value& value, const std::vector<std::string>& names, const char* what);
Tree KeyedByName(Tree list);

// A list in which each `name`, of the field "name", is unique. `what`: an element's word in the fault.
template <typename S>
Kind<std::vector<S>> ListByName(Kind<S> element, std::string S::*name, const char* what,
                                ListForm form) {
  Kind<std::vector<S>> out = List(std::move(element), form);
  out.read = [read = out.read, name, what](const Value& value, std::vector<S>* to) {
    read(value, to);
    std::vector<std::string> names;
    for (const S& one : *to) names.push_back(one.*name);
    RefuseRepeats(value, names, what);
  };
  out.describe = [describe = out.describe](Scope scope) { return KeyedByName(describe(scope)); };
  return out;
}

}  // namespace traffictap::tap::schema
