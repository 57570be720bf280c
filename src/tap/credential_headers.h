// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <iterator>
#include <string_view>

namespace traffictap::tap {

// Headers that carry credentials, in lower case: neither matched, captured nor recorded. The only
// list of them: the schema refuses their names, redaction removes them from whatever arrives.
inline constexpr std::string_view kCredentialHeaders[] = {
    "authorization",       "cookie",    "set-cookie",
    "proxy-authorization", "x-api-key", "x-forwarded-client-cert",
    "x-amz-security-token"};

inline bool IsCredentialHeader(std::string_view lower_case_name) {
  return std::find(std::begin(kCredentialHeaders), std::end(kCredentialHeaders), lower_case_name) !=
         std::end(kCredentialHeaders);
}

}  // namespace traffictap::tap
