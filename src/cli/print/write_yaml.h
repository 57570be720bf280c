// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "nlohmann/json_fwd.hpp"

namespace traffictap::cli::print {

// Appends `json` as a YAML 1.2 document in block style, with its line end. A text that YAML could
// take for something else is quoted, and what is not visible in it (visible_text.h) is escaped.
void AppendYaml(const nlohmann::ordered_json& json, std::string* out);

}  // namespace traffictap::cli::print
