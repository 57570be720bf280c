// SPDX-License-Identifier: Apache-2.0
#include "kube/object.h"

#include <utility>

#include "fmt/format.h"

namespace traffictap::kube {
namespace {

bool BoolAt(const Json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::map<std::string, std::string> TextMap(const Json* object) {
  std::map<std::string, std::string> out;
  if (object == nullptr || !object->is_object()) return out;
  for (const auto& [name, value] : object->items()) {
    if (value.is_string()) out.emplace(name, value.get<std::string>());
  }
  return out;
}

std::string TextIn(const Json* object, const std::string& name) {
  return object == nullptr ? "" : TextOf(*object, name);
}

}  // namespace

std::string TextOf(const Json& object, const std::string& field) {
  if (!object.is_object()) return "";
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string ObjectKey::ToString() const { return ns.empty() ? name : ns + "/" + name; }

Object::Object(Json value) : value_(std::move(value)) {
  if (!value_.is_object()) value_ = Json::object();
}

StatusOr<Object> Object::Parse(const std::string& text) {
  Json value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) {
    return absl::InvalidArgumentError(
        fmt::format("parse object: no JSON object in {} bytes", text.size()));
  }
  return Object(std::move(value));
}

std::string Object::Serialize() const {
  return value_.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json* Object::Find(const std::string& pointer) const {
  try {
    const Json::json_pointer at(pointer);
    return value_.contains(at) ? &value_.at(at) : nullptr;
  } catch (const Json::exception&) {
    return nullptr;
  }
}

std::string Object::Text(const std::string& pointer) const {
  const Json* found = Find(pointer);
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

int64_t Object::generation() const {
  const Json* found = Find("/metadata/generation");
  return found != nullptr && found->is_number_integer() ? found->get<int64_t>() : 0;
}

std::map<std::string, std::string> Object::labels() const {
  return TextMap(Find("/metadata/labels"));
}

std::map<std::string, std::string> Object::annotations() const {
  return TextMap(Find("/metadata/annotations"));
}

std::string Object::label(const std::string& name) const {
  return TextIn(Find("/metadata/labels"), name);
}

std::string Object::annotation(const std::string& name) const {
  return TextIn(Find("/metadata/annotations"), name);
}

std::vector<OwnerReference> Object::owner_references() const {
  std::vector<OwnerReference> out;
  const Json* owners = Find("/metadata/ownerReferences");
  if (owners == nullptr || !owners->is_array()) return out;
  for (const Json& owner : *owners) {
    if (!owner.is_object()) continue;
    out.push_back({TextOf(owner, "apiVersion"), TextOf(owner, "kind"), TextOf(owner, "name"),
                   TextOf(owner, "uid"), BoolAt(owner, "controller")});
  }
  return out;
}

}  // namespace traffictap::kube
