// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace traffictap::kube {

// RFC 3986 percent-encoding of everything but the unreserved characters, so that no name can reach
// another path.
std::string EscapeUrl(std::string_view text);

}  // namespace traffictap::kube
