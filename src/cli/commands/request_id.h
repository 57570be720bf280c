// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace traffictap::cli {

// Envoy may write another version digit into a UUID on the way, so that one side's log has another
// id than the record.
bool IsSameRequest(const std::string& a, const std::string& b);

// What of a request id the stream can look for as a text: what is behind that digit.
std::string SearchedText(const std::string& id);

}  // namespace traffictap::cli
