// SPDX-License-Identifier: Apache-2.0
#include "kube/impersonation.h"

#include <algorithm>

#include "base/percent.h"
#include "fmt/format.h"

namespace traffictap::kube {
namespace {

// A line feed in a value would end the header and begin another.
Status Add(const std::string& name, const std::string& value, HttpRequest* request) {
  const bool fine = std::all_of(value.begin(), value.end(),
                                [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
  if (!fine) {
    return absl::InvalidArgumentError(
        fmt::format("impersonate: {} has control characters in it", name));
  }
  request->headers.emplace_back(name, value);
  return absl::OkStatus();
}

}  // namespace

Status AddImpersonation(const Impersonation& as, HttpRequest* request) {
  if (as.user.empty()) return absl::OkStatus();
  TT_RETURN_IF_ERROR(Add("Impersonate-User", as.user, request));
  if (!as.uid.empty()) TT_RETURN_IF_ERROR(Add("Impersonate-Uid", as.uid, request));
  for (const auto& group : as.groups) {
    TT_RETURN_IF_ERROR(Add("Impersonate-Group", group, request));
  }
  for (const auto& [key, values] : as.extra) {
    // As client-go: keys are escaped, since names of headers are fewer.
    for (const auto& value : values) {
      TT_RETURN_IF_ERROR(Add("Impersonate-Extra-" + base::PercentEncode(key), value, request));
    }
  }
  return absl::OkStatus();
}

}  // namespace traffictap::kube
