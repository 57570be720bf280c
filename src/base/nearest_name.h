// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace traffictap::base {

// The one of `known` that `name` was most likely meant to be, by the letters to change (Levenshtein
// distance); empty where none is near enough to be offered.
std::string NearestName(const std::string& name, const std::vector<std::string>& known);

}  // namespace traffictap::base
