// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace traffictap::fanin {

// The text of a member of what a pairer said, in nlohmann's ordered form or the other; empty where it is
// none, or `object` is no object.
template <typename Json>
std::string TextOf(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->template get<std::string>()
                                                     : std::string();
}

}  // namespace traffictap::fanin
