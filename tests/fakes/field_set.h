// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>

#include "kube/object.h"

namespace traffictap::fakes {

// Server-side apply's view of an object, as far as tests of reconcilers need it: which leaf has
// which value. Lists are one leaf each, but those that the API merges by a key: conditions,
// ownerReferences.
class FieldSet {
 public:
  using Leaves = std::map<std::string, kube::Json>;  // by JSON pointer of the keyed form

  // Lists with a key become objects: {"conditions": [{"type": "Ready"}]} is {"conditions":
  // {"[Ready]": {...}}}.
  static kube::Json ToKeyed(const kube::Json& value, const std::string& name = "") {
    if (value.is_array()) return ListToKeyed(value, KeyOf(name));
    if (!value.is_object()) return value;
    kube::Json out = kube::Json::object();
    for (const auto& [field, child] : value.items()) out[field] = ToKeyed(child, field);
    return out;
  }

  static kube::Json FromKeyed(const kube::Json& value, const std::string& name = "") {
    if (!value.is_object()) return value;
    if (!KeyOf(name).empty()) {
      kube::Json out = kube::Json::array();
      for (const auto& [key, child] : value.items()) out.push_back(FromKeyed(child));
      return out;
    }
    kube::Json out = kube::Json::object();
    for (const auto& [field, child] : value.items()) out[field] = FromKeyed(child, field);
    return out;
  }

  static Leaves LeavesOf(const kube::Json& keyed) {
    Leaves out;
    Collect(keyed, "", &out);
    return out;
  }

  static void Remove(kube::Json* keyed, const std::string& pointer) {
    kube::Json::json_pointer at(pointer);
    while (!at.empty()) {
      const auto name = at.back();
      at.pop_back();
      if (!keyed->contains(at)) continue;
      kube::Json& parent = (*keyed)[at];
      if (!parent.is_object()) return;
      parent.erase(name);
      if (!parent.empty()) return;
    }
  }

 private:
  static std::string KeyOf(const std::string& list) {
    if (list == "conditions") return "type";
    if (list == "ownerReferences") return "uid";
    return "";
  }

  static kube::Json ListToKeyed(const kube::Json& list, const std::string& key) {
    if (key.empty()) return list;
    kube::Json out = kube::Json::object();
    for (const auto& item : list) out["[" + item.value(key, "") + "]"] = ToKeyed(item);
    return out;
  }

  static void Collect(const kube::Json& value, const std::string& pointer, Leaves* out) {
    if (!value.is_object() || value.empty()) {
      (*out)[pointer] = value;
      return;
    }
    for (const auto& [field, child] : value.items()) {
      Collect(child, (kube::Json::json_pointer(pointer) / field).to_string(), out);
    }
  }
};

}  // namespace traffictap::fakes
