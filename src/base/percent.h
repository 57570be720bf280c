// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace traffictap::base {

// Percent-coding of RFC 3986. Encodes everything but the unreserved characters and those of `keep`:
// with nothing to keep, no name can reach another path.
std::string PercentEncode(std::string_view text, std::string_view keep = "");

// The byte whose code ("%2F", "%2f") `text` begins with; empty where it begins with none.
std::optional<char> PercentByte(std::string_view text);

// Each code in its byte. A '%' that begins no code stands for itself.
std::string PercentDecode(std::string_view text);

}  // namespace traffictap::base
