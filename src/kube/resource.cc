// SPDX-License-Identifier: Apache-2.0
#include "kube/resource.h"

#include "base/percent.h"
#include "fmt/format.h"

namespace traffictap::kube {
std::string Resource::ApiVersion() const {
  return group.empty() ? std::string(version) : fmt::format("{}/{}", group, version);
}

std::string Resource::Name() const {
  return group.empty() ? std::string(plural) : fmt::format("{}.{}", plural, group);
}

std::string Resource::CollectionPath(const std::string& ns) const {
  const std::string root = (group.empty() ? "/api/" : "/apis/") + ApiVersion();
  if (!namespaced || ns.empty()) return fmt::format("{}/{}", root, plural);
  return fmt::format("{}/namespaces/{}/{}", root, base::PercentEncode(ns), plural);
}

std::string Resource::ObjectPath(const ObjectKey& key, std::string_view subresource) const {
  std::string path = fmt::format("{}/{}", CollectionPath(key.ns), base::PercentEncode(key.name));
  if (!subresource.empty()) path += fmt::format("/{}", subresource);
  return path;
}

}  // namespace traffictap::kube
