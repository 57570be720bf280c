// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace traffictap::cli {

// Envoy may write another version digit into a UUID on the way, so that one side's log has another
// id than the record. Case makes none either: the hexadecimal digits of a UUID have none.
bool IsSameRequest(const std::string& a, const std::string& b);

// What people copy, as the id in it: without white space and quotes around it, and without the name
// of the header in front of it, such as "x-request-id: ".
std::string PastedId(const std::string& text);

// What of a request id the stream can look for as a text: what is behind that digit.
std::string SearchedText(const std::string& id);

}  // namespace traffictap::cli
