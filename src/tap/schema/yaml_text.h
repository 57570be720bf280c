// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tap/schema/kind.h"

namespace traffictap::tap::schema {

// A tree as a YAML document, as kubectl writes them: lists at the column of their key, one line a
// scalar, quotes where a reader of YAML 1.1 or 1.2 would else take a text for something other.
std::string YamlText(const Tree& tree);

}  // namespace traffictap::tap::schema
