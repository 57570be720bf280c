// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace traffictap::cli {

// Columns below each other, two blanks apart; the last one as long as it is. Texts come out
// visible.
std::string TextTable(const std::vector<std::vector<std::string>>& rows);

}  // namespace traffictap::cli
