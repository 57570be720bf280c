// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace traffictap::base {

constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::string_view kLineEnds = "\r\n";

// The whole file but for the characters of `strip` at its end. kNotFound: there is none;
// kInvalidArgument: larger than `bytes_max` or no regular file; kPermissionDenied.
StatusOr<std::string> ReadTextFile(const std::string& path, size_t bytes_max,
                                   std::string_view strip = kWhiteSpace);

}  // namespace traffictap::base
