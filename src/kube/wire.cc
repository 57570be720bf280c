// SPDX-License-Identifier: Apache-2.0
#include "kube/wire.h"

#include <algorithm>

#include "base/percent.h"
#include "fmt/format.h"

namespace traffictap::kube {
namespace {

ApiError ErrorOfStatusObject(const Object& status) {
  ApiError error;
  const Json* code = status.Find("/code");
  if (code != nullptr && code->is_number_integer()) error.code = code->get<int>();
  error.reason = status.Text("/reason");
  error.message = status.Text("/message");
  error.cause = status.Text("/details/causes/0/reason");
  const Json* seconds = status.Find("/details/retryAfterSeconds");
  if (seconds != nullptr && seconds->is_number_integer()) {
    error.retry_after = std::clamp<int64_t>(seconds->get<int64_t>(), 0, 3600) * base::kSecond;
  }
  return error;
}

}  // namespace

std::string WithQuery(const std::string& path, const Query& query) {
  std::string out = path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    out += fmt::format("{}{}={}", separator, name, base::PercentEncode(value));
    separator = '&';
  }
  return out;
}

// kubernetes.io "API concepts": resourceVersionMatch has to be named, because with a limit a bare
// resourceVersion would mean exactly that one; with a continue token neither may be sent again.
std::string ListTarget(const Resource& resource, const ListOptions& options,
                       const std::string& continue_token) {
  const bool first = continue_token.empty();
  const bool bounded = first && !options.resource_version.empty();
  return WithQuery(resource.CollectionPath(options.ns),
                   {{"labelSelector", options.label_selector},
                    {"fieldSelector", options.field_selector},
                    {"limit", options.page_size > 0 ? std::to_string(options.page_size) : ""},
                    {"continue", continue_token},
                    {"resourceVersion", bounded ? options.resource_version : ""},
                    {"resourceVersionMatch", bounded ? "NotOlderThan" : ""}});
}

std::string WatchTarget(const Resource& resource, const WatchOptions& options) {
  const auto seconds = std::max<int64_t>(1, options.duration / base::kSecond);
  return WithQuery(resource.CollectionPath(options.ns),
                   {{"watch", "true"},
                    {"allowWatchBookmarks", "true"},
                    {"labelSelector", options.label_selector},
                    {"fieldSelector", options.field_selector},
                    {"resourceVersion", options.resource_version},
                    {"timeoutSeconds", std::to_string(seconds)}});
}

ApiError ParseApiError(const HttpResponse& response) {
  ApiError error;
  const auto status = Object::Parse(response.body);
  if (status.ok() && status->kind() == "Status") {
    error = ErrorOfStatusObject(*status);
  } else {
    error.message = response.body.substr(0, 200);
  }
  error.code = response.code;
  if (error.message.empty()) error.message = "no reason given";
  if (response.retry_after) error.retry_after = response.retry_after;
  return error;
}

StatusOr<WatchEvent> ParseWatchEvent(const std::string& line, const Resource& resource) {
  auto parsed = Object::Parse(line);
  const std::string type = parsed.ok() ? parsed->Text("/type") : "";
  if (type.empty() || !parsed->value().contains("object")) {
    return absl::UnavailableError(
        fmt::format("watch {}: a line of {} bytes is not an event", resource.Name(), line.size()));
  }
  WatchEvent event{WatchEvent::Type::kAdded, Object(std::move(parsed->value()["object"]))};
  if (type == "ERROR") return ToStatus(ErrorOfStatusObject(event.object), "watch", resource.Name());
  if (type == "ADDED") return event;
  if (type == "MODIFIED") {
    event.type = WatchEvent::Type::kModified;
  } else if (type == "DELETED") {
    event.type = WatchEvent::Type::kDeleted;
  } else if (type == "BOOKMARK") {
    event.type = WatchEvent::Type::kBookmark;
  } else {
    return absl::UnimplementedError(fmt::format("watch {}: event {}", resource.Name(), type));
  }
  return event;
}

}  // namespace traffictap::kube
