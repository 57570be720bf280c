// SPDX-License-Identifier: Apache-2.0
#include "kube/list_page.h"

#include <utility>

#include "fmt/format.h"
#include "simdjson.h"

namespace traffictap::kube {
namespace {

namespace dom = simdjson::dom;

Status Refuse(const Resource& resource, const char* what) {
  return absl::UnavailableError(fmt::format("list {}: {} in the answer", resource.Name(), what));
}

std::string TextAt(const dom::element& object, const char* pointer) {
  std::string_view text;
  if (object.at_pointer(pointer).get(text) != simdjson::SUCCESS) return "";
  return std::string(text);
}

// As nlohmann's own parser has it: a number is signed only where it is negative. Readers ask for
// the type.
Json NumberToJson(int64_t number) {
  return number < 0 ? Json(number) : Json(static_cast<uint64_t>(number));
}

// The parser has refused what is nested deeper than 1024 levels: the recursion is bounded.
Json ToJson(const dom::element& element);

Json ObjectToJson(const dom::object& object) {
  Json out = Json::object();
  for (const auto& [name, value] : object) out.emplace(std::string(name), ToJson(value));
  return out;
}

Json ArrayToJson(const dom::array& array) {
  Json out = Json::array();
  for (const auto& value : array) out.push_back(ToJson(value));
  return out;
}

Json ToJson(const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::OBJECT: return ObjectToJson(dom::object(element));
    case dom::element_type::ARRAY: return ArrayToJson(dom::array(element));
    case dom::element_type::STRING: return std::string(std::string_view(element));
    case dom::element_type::INT64: return NumberToJson(int64_t(element));
    case dom::element_type::UINT64: return uint64_t(element);
    case dom::element_type::DOUBLE: return double(element);
    case dom::element_type::BOOL: return bool(element);
    case dom::element_type::NULL_VALUE: break;
  }
  return nullptr;
}

Object ToObject(const dom::element& item, const Resource& resource) {
  Json value = ToJson(item);
  if (!value.contains("apiVersion")) value["apiVersion"] = resource.ApiVersion();
  if (!value.contains("kind")) value["kind"] = resource.kind;
  return Object(std::move(value));
}

}  // namespace

// simdjson's lazy interface would need no second copy of the page, but its 3.0.1 reads past its end
// where the text is broken.
StatusOr<ListPage> ParseListPage(std::string body, const Resource& resource,
                                 const std::function<void(Object)>& each) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(body).get(root) != simdjson::SUCCESS || !root.is_object()) {
    return Refuse(resource, "no JSON object");
  }
  ListPage page{TextAt(root, "/metadata/resourceVersion"), TextAt(root, "/metadata/continue")};
  dom::element items;
  if (root["items"].get(items) != simdjson::SUCCESS) return Refuse(resource, "no items");
  // An empty list of a custom resource may be null.
  if (items.is_null()) return page;
  dom::array list;
  if (items.get(list) != simdjson::SUCCESS) return Refuse(resource, "no items");
  for (const auto& item : list) {
    if (!item.is_object()) return Refuse(resource, "a broken item");
    each(ToObject(item, resource));
  }
  return page;
}

}  // namespace traffictap::kube
