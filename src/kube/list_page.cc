#include "kube/list_page.h"

#include <utility>

#include "fmt/format.h"
#include "simdjson.h"

namespace traffictap::kube {
namespace {

namespace ondemand = simdjson::ondemand;

Status Refuse(const Resource& resource, const char* what) {
  return absl::UnavailableError(fmt::format("list {}: {} in the answer", resource.Name(), what));
}

std::string TextAt(ondemand::object& object, const char* field) {
  std::string_view text;
  if (object[field].get_string().get(text) != simdjson::SUCCESS) return "";
  return std::string(text);
}

bool ParseItem(ondemand::value item, const Resource& resource, Object* out) {
  ondemand::object object;
  std::string_view text;
  if (item.get_object().get(object) != simdjson::SUCCESS ||
      object.raw_json().get(text) != simdjson::SUCCESS) {
    return false;
  }
  Json value = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) return false;
  if (!value.contains("apiVersion")) value["apiVersion"] = resource.ApiVersion();
  if (!value.contains("kind")) value["kind"] = resource.kind;
  *out = Object(std::move(value));
  return true;
}

}  // namespace

StatusOr<ListPage> ParseListPage(std::string body, const Resource& resource,
                                 const std::function<void(Object)>& each) {
  const size_t size = body.size();
  body.resize(size + simdjson::SIMDJSON_PADDING);
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object root;
  if (parser.iterate(body.data(), size, body.size()).get(document) != simdjson::SUCCESS ||
      document.get_object().get(root) != simdjson::SUCCESS) {
    return Refuse(resource, "no JSON object");
  }
  ListPage page;
  ondemand::object metadata;
  if (root["metadata"].get_object().get(metadata) == simdjson::SUCCESS) {
    page.resource_version = TextAt(metadata, "resourceVersion");
    page.continue_token = TextAt(metadata, "continue");
  }
  ondemand::array items;
  ondemand::value list;
  if (root["items"].get(list) != simdjson::SUCCESS) return Refuse(resource, "no items");
  // An empty list of a custom resource may be null.
  if (list.is_null()) return page;
  if (list.get_array().get(items) != simdjson::SUCCESS) return Refuse(resource, "no items");
  for (auto item : items) {
    ondemand::value value;
    Object object;
    if (item.get(value) != simdjson::SUCCESS || !ParseItem(value, resource, &object)) {
      return Refuse(resource, "a broken item");
    }
    each(std::move(object));
  }
  return page;
}

}  // namespace traffictap::kube
