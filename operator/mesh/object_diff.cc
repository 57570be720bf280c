// SPDX-License-Identifier: Apache-2.0
#include "operator/mesh/object_diff.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace traffictap::mesh {
namespace {

using kube::Json;
using kube::Object;

// The API server adds nothing inside a list element of ours, and in maps it may add.
bool Holds(const Json& live, const Json& desired) {
  if (desired.is_null()) return true;
  if (!desired.is_object()) return live == desired;
  if (!live.is_object()) return false;
  return std::all_of(desired.items().begin(), desired.items().end(), [&](const auto& item) {
    const auto found = live.find(item.key());
    return found != live.end() && Holds(*found, item.value());
  });
}

const Json& Member(const Object& object, const char* pointer) {
  static const Json kNothing;
  const Json* found = object.Find(pointer);
  return found == nullptr ? kNothing : *found;
}

// Empty where it has none.
std::string_view UidOf(const Json& owner) {
  if (!owner.is_object()) return "";
  const auto found = owner.find("uid");
  if (found == owner.end() || !found->is_string()) return "";
  return *found->get_ptr<const std::string*>();
}

bool HoldsOwners(const Object& live, const Object& desired) {
  const Json& wanted = Member(desired, "/metadata/ownerReferences");
  const Json& there = Member(live, "/metadata/ownerReferences");
  if (!wanted.is_array()) return !there.is_array() || there.empty();
  // An owner too many would keep the object when it should go.
  if (!there.is_array() || there.size() != wanted.size()) return false;
  // Every tap of a namespace may own its patch.
  std::multimap<std::string_view, const Json*> by_uid;
  for (const Json& owner : there) by_uid.emplace(UidOf(owner), &owner);
  return std::all_of(wanted.begin(), wanted.end(), [&](const Json& owner) {
    const auto [first, last] = by_uid.equal_range(UidOf(owner));
    return std::any_of(first, last, [&](const auto& entry) { return Holds(*entry.second, owner); });
  });
}

bool IsAsDesired(const Object& live, const Object& desired) {
  return Member(live, "/spec") == Member(desired, "/spec") &&
         Holds(Member(live, "/metadata/labels"), Member(desired, "/metadata/labels")) &&
         Holds(Member(live, "/metadata/annotations"), Member(desired, "/metadata/annotations")) &&
         HoldsOwners(live, desired);
}

}  // namespace

ObjectDiff Diff(const std::vector<Object>& desired, const std::vector<Object>& live) {
  ObjectDiff out;
  std::map<kube::ObjectKey, const Object*> there;
  for (const auto& object : live) there[object.key()] = &object;
  for (const auto& object : desired) {
    const auto found = there.find(object.key());
    if (found == there.end()) {
      out.to_apply.push_back(object);
      continue;
    }
    if (found->second->deleting()) {
      // Gone in a moment: the watch tells, and it is made anew then.
    } else if (IsAsDesired(*found->second, object)) {
      ++out.unchanged;
    } else {
      out.to_apply.push_back(object);
    }
    there.erase(found);
  }
  for (const auto& [key, object] : there) {
    if (!object->deleting()) out.to_delete.push_back(*object);
  }
  return out;
}

}  // namespace traffictap::mesh
