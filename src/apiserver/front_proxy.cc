// SPDX-License-Identifier: Apache-2.0
#include "apiserver/front_proxy.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "base/percent.h"
#include "base/utf8.h"
#include "fmt/format.h"

namespace traffictap::apiserver {
namespace {

// A list of the ConfigMap: a JSON array as text.
StatusOr<std::vector<std::string>> ReadList(const kube::Object& config_map,
                                            const std::string& name) {
  const std::string text = config_map.Text("/data/" + name);
  std::vector<std::string> out;
  if (text.empty()) return out;
  const auto list = kube::Json::parse(text, nullptr, false);
  if (!list.is_array()) {
    return absl::FailedPreconditionError(fmt::format("{} is not a JSON array", name));
  }
  for (const auto& element : list) {
    if (element.is_string()) out.push_back(element.get<std::string>());
  }
  return out;
}

Status ReadHeaders(const kube::Object& config_map, const std::string& name,
                   std::vector<std::string>* out) {
  auto list = ReadList(config_map, name);
  if (!list.ok()) return list.status();
  for (auto& header : *list) out->push_back(absl::AsciiStrToLower(header));
  return absl::OkStatus();
}

bool IsText(std::string_view text) {
  while (!text.empty()) {
    const size_t length = base::Utf8SequenceLength(text);
    if (length == 0 || static_cast<unsigned char>(text[0]) < 0x20) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::vector<std::string> Values(const web::HttpRequest& request, const std::string& name) {
  std::vector<std::string> out;
  const auto [begin, end] = request.headers.equal_range(name);
  for (auto it = begin; it != end; ++it) out.push_back(it->second);
  return out;
}

// The value of the first of `names` that is there; empty where none is.
StatusOr<std::string> One(const web::HttpRequest& request, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    const auto values = Values(request, name);
    if (values.size() > 1) {
      return absl::UnauthenticatedError(fmt::format("the request has {} more than once", name));
    }
    if (!values.empty() && !values[0].empty()) return values[0];
  }
  return std::string();
}

void ReadExtra(const FrontProxy& front_proxy, const web::HttpRequest& request,
               observe::User* user) {
  for (const auto& [name, value] : request.headers) {
    for (const auto& prefix : front_proxy.extra_prefixes) {
      if (!name.starts_with(prefix) || name.size() == prefix.size()) continue;
      // A key may have bytes that a header's name cannot: they come as %XX.
      const std::string key = base::PercentDecode(name.substr(prefix.size()));
      user->extra[absl::AsciiStrToLower(key)].push_back(value);
    }
  }
}

bool IsText(const observe::User& user) {
  const auto text = [](const std::string& value) { return IsText(std::string_view(value)); };
  return text(user.name) && text(user.uid) &&
         std::all_of(user.groups.begin(), user.groups.end(), text) &&
         std::all_of(user.extra.begin(), user.extra.end(), [&](const auto& extra) {
           return text(extra.first) && std::all_of(extra.second.begin(), extra.second.end(), text);
         });
}

Status CheckCaller(const FrontProxy& front_proxy, const web::HttpRequest& request) {
  const auto& allowed = front_proxy.allowed_names;
  const bool is_front_proxy =
      request.client_name && (allowed.empty() || std::find(allowed.begin(), allowed.end(),
                                                           *request.client_name) != allowed.end());
  if (is_front_proxy) return absl::OkStatus();
  return absl::UnauthenticatedError(
      "this server answers the Kubernetes API server alone: read through it, for example with "
      "kubectl get --raw /apis/tap.traffictap.io/v1alpha1/namespaces/NAMESPACE/pairs");
}

}  // namespace

StatusOr<FrontProxy> ReadFrontProxy(const kube::Object& config_map) {
  FrontProxy out;
  out.client_ca = config_map.Text("/data/requestheader-client-ca-file");
  auto names = ReadList(config_map, "requestheader-allowed-names");
  if (!names.ok()) return names.status();
  out.allowed_names = *std::move(names);
  TT_RETURN_IF_ERROR(ReadHeaders(config_map, "requestheader-username-headers", &out.name_headers));
  TT_RETURN_IF_ERROR(ReadHeaders(config_map, "requestheader-uid-headers", &out.uid_headers));
  TT_RETURN_IF_ERROR(ReadHeaders(config_map, "requestheader-group-headers", &out.group_headers));
  TT_RETURN_IF_ERROR(
      ReadHeaders(config_map, "requestheader-extra-headers-prefix", &out.extra_prefixes));
  if (out.client_ca.empty() || out.name_headers.empty()) {
    return absl::FailedPreconditionError(
        "the API server runs without a front proxy: start it with --requestheader-client-ca-file, "
        "--requestheader-username-headers and --proxy-client-cert-file");
  }
  return out;
}

FrontProxy FrontProxyOfReaders(std::string client_ca) {
  FrontProxy out;
  out.client_ca = std::move(client_ca);
  out.name_headers = {"x-remote-user"};
  out.uid_headers = {"x-remote-uid"};
  out.group_headers = {"x-remote-group"};
  out.extra_prefixes = {"x-remote-extra-"};
  return out;
}

std::vector<std::pair<std::string, std::string>> HeadersOf(const observe::User& user) {
  std::vector<std::pair<std::string, std::string>> out = {{"X-Remote-User", user.name}};
  if (!user.uid.empty()) out.emplace_back("X-Remote-Uid", user.uid);
  for (const auto& group : user.groups) out.emplace_back("X-Remote-Group", group);
  for (const auto& [key, values] : user.extra) {
    for (const auto& value : values) {
      out.emplace_back("X-Remote-Extra-" + base::PercentEncode(key), value);
    }
  }
  return out;
}

StatusOr<observe::User> ReadUser(const FrontProxy& front_proxy, const web::HttpRequest& request) {
  TT_RETURN_IF_ERROR(CheckCaller(front_proxy, request));
  observe::User out;
  auto name = One(request, front_proxy.name_headers);
  if (!name.ok()) return name.status();
  auto uid = One(request, front_proxy.uid_headers);
  if (!uid.ok()) return uid.status();
  out.name = *std::move(name);
  out.uid = *std::move(uid);
  for (const auto& header : front_proxy.group_headers) {
    for (auto& group : Values(request, header)) out.groups.push_back(std::move(group));
  }
  ReadExtra(front_proxy, request, &out);
  if (out.name.empty()) return absl::UnauthenticatedError("the request names no user");
  if (!IsText(out)) return absl::UnauthenticatedError("the request's user is not UTF-8 text");
  return out;
}

}  // namespace traffictap::apiserver
