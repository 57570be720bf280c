// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace traffictap::kube {

// RFC 4648 with padding; white space is passed over. Nothing where the text is no base64.
std::optional<std::string> DecodeBase64(const std::string& text);
std::string EncodeBase64(const std::string& bytes);

}  // namespace traffictap::kube
