// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/text_table.h"

#include <algorithm>

#include "cli/print/visible_text.h"

namespace traffictap::cli {

std::string TextTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], print::TextColumns(print::VisibleText(row[i])));
    }
  }
  std::string out;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string text = print::VisibleText(row[i]);
      out += i + 1 == row.size() ? text : print::PadText(text, widths[i] + 2);
    }
    out += "\n";
  }
  return out;
}

}  // namespace traffictap::cli
