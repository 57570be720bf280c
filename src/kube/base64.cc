// SPDX-License-Identifier: Apache-2.0
#include "kube/base64.h"

#include "absl/strings/escaping.h"

namespace traffictap::kube {

std::optional<std::string> DecodeBase64(const std::string& text) {
  std::string out;
  if (!absl::Base64Unescape(text, &out)) return std::nullopt;
  return out;
}

std::string EncodeBase64(const std::string& bytes) { return absl::Base64Escape(bytes); }

}  // namespace traffictap::kube
