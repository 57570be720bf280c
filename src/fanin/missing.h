// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace traffictap::fanin {

// A pairer whose records are not in an answer, and why.
struct Missing {
  std::string pairer;  // its address
  std::string reason;

  bool operator==(const Missing&) const = default;
};

// `[{"pairer": "10.0.0.5:9091", "reason": "…"}]`.
std::string MissingJson(const std::vector<Missing>& missing);

// What a pairer that did not answer 200 says for itself: the message of its Status, or its code.
std::string RefusalOf(int code, const std::string& body);

}  // namespace traffictap::fanin
