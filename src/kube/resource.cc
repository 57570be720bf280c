#include "kube/resource.h"

#include "fmt/format.h"

namespace traffictap::kube {
namespace {

// RFC 3986: everything but the unreserved characters is escaped, so that no name can reach another
// path.
std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

}  // namespace

std::string Resource::ApiVersion() const {
  return group.empty() ? std::string(version) : fmt::format("{}/{}", group, version);
}

std::string Resource::Name() const {
  return group.empty() ? std::string(plural) : fmt::format("{}.{}", plural, group);
}

std::string Resource::CollectionPath(const std::string& ns) const {
  const std::string root = (group.empty() ? "/api/" : "/apis/") + ApiVersion();
  if (!namespaced || ns.empty()) return fmt::format("{}/{}", root, plural);
  return fmt::format("{}/namespaces/{}/{}", root, Escape(ns), plural);
}

std::string Resource::ObjectPath(const ObjectKey& key, std::string_view subresource) const {
  std::string path = fmt::format("{}/{}", CollectionPath(key.ns), Escape(key.name));
  if (!subresource.empty()) path += fmt::format("/{}", subresource);
  return path;
}

}  // namespace traffictap::kube
