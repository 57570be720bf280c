// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "nlohmann/json.hpp"

namespace traffictap::kube {

// JSON is what the API speaks; this is the project's JSON value outside of the data plane.
using Json = nlohmann::json;

// The text of a field; empty where `object` is no JSON object or the field no text.
std::string TextOf(const Json& object, const std::string& field);

// Where an object is; `ns` is empty for cluster-scoped ones.
struct ObjectKey {
  std::string ns;
  std::string name;

  auto operator<=>(const ObjectKey&) const = default;
  // "namespace/name", or "name" alone: for messages, never for parsing.
  std::string ToString() const;
};

// One entry of metadata.ownerReferences.
struct OwnerReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  bool controller = false;
};

// A Kubernetes object: plain JSON with readers that never fail. What is absent or of another type
// than the API defines reads as empty, so that a hand-made or half-known object cannot take the
// process down. A value type: const access from many threads is safe.
class Object {
 public:
  // An empty JSON object.
  Object() : value_(Json::object()) {}
  // Takes any JSON; what is no JSON object becomes an empty one.
  explicit Object(Json value);

  // kInvalidArgument: the text is no JSON object.
  static StatusOr<Object> Parse(const std::string& text);

  const Json& value() const { return value_; }
  Json& value() { return value_; }
  // Compact JSON; invalid UTF-8 is replaced.
  std::string Serialize() const;

  // What stands at a JSON pointer (RFC 6901) such as "/spec/targets/0", or null where there is
  // nothing. The result lives as long as the object is not changed.
  const Json* Find(const std::string& pointer) const;
  // The text at a JSON pointer; empty where there is none.
  std::string Text(const std::string& pointer) const;

  std::string api_version() const { return Text("/apiVersion"); }
  std::string kind() const { return Text("/kind"); }
  std::string name() const { return Text("/metadata/name"); }
  std::string ns() const { return Text("/metadata/namespace"); }
  ObjectKey key() const { return {ns(), name()}; }
  std::string uid() const { return Text("/metadata/uid"); }
  // Opaque: compare for equality only. Equal for the same uid means that nothing changed.
  std::string resource_version() const { return Text("/metadata/resourceVersion"); }
  // Counts changes of the spec; 0 where the kind has none.
  int64_t generation() const;
  std::map<std::string, std::string> labels() const;
  std::map<std::string, std::string> annotations() const;
  // The values of one label or annotation; empty where there is none.
  std::string label(const std::string& name) const;
  std::string annotation(const std::string& name) const;
  std::vector<OwnerReference> owner_references() const;
  // RFC 3339; empty unless the object is being deleted.
  std::string deletion_timestamp() const { return Text("/metadata/deletionTimestamp"); }
  bool deleting() const { return !deletion_timestamp().empty(); }

  friend bool operator==(const Object&, const Object&) = default;

 private:
  Json value_;
};

}  // namespace traffictap::kube
