// SPDX-License-Identifier: Apache-2.0
#include "cli/print/custom_columns_printer.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cli/print/json_path.h"
#include "cli/print/read_object.h"
#include "cli/print/visible_text.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace traffictap::cli::print {
namespace {

constexpr size_t kBetween = 3;  // blanks, as kubectl has them

struct Column {
  std::string heading;
  JsonPath path;
  size_t width;
};

// At the commas, but for those within brackets, braces or quotes.
std::vector<std::string> SplitColumns(std::string_view text) {
  std::vector<std::string> out(1);
  int depth = 0;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '[' || c == '{' || c == '(') {
      ++depth;
    } else if (c == ']' || c == '}' || c == ')') {
      --depth;
    } else if (c == ',' && depth <= 0) {
      out.emplace_back();
      continue;
    }
    out.back() += c;
  }
  return out;
}

StatusOr<Column> ParseColumn(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) {
    return absl::InvalidArgumentError(fmt::format(
        "custom-columns: invalid column \"{}\": use HEADER:PATH, for example FROM:.source.name",
        text));
  }
  auto path = JsonPath::ParsePath(std::string_view(text).substr(colon + 1));
  if (!path.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("custom-columns: {}: {}", text.substr(0, colon), Message(path.status())));
  }
  std::string heading = VisibleText(text.substr(0, colon));
  const size_t width = TextColumns(heading);
  return Column{std::move(heading), *std::move(path), width};
}

class CustomColumnsPrinter final : public Printer {
 public:
  CustomColumnsPrinter(std::vector<Column> columns, bool header)
      : columns_(std::move(columns)), header_(header) {}

  Status Print(std::string_view line, std::string* out) override {
    const auto record = ReadObject(line);
    if (!record.ok()) return record.status();
    std::vector<std::string> cells;
    for (Column& column : columns_) {
      cells.push_back(column.path.Cell(*record));
      column.width = std::max(column.width, TextColumns(cells.back()));
    }
    if (std::exchange(header_, false)) {
      AppendLine(out, [&](size_t i) { return columns_[i].heading; });
    }
    AppendLine(out, [&](size_t i) { return cells[i]; });
    return absl::OkStatus();
  }

 private:
  template <typename Cell>
  void AppendLine(std::string* out, Cell cell) const {
    for (size_t i = 0; i + 1 < columns_.size(); ++i) {
      *out += PadText(cell(i), columns_[i].width + kBetween);
    }
    *out += cell(columns_.size() - 1) + '\n';
  }

  std::vector<Column> columns_;
  bool header_;  // still to come
};

}  // namespace

StatusOr<std::unique_ptr<Printer>> MakeCustomColumnsPrinter(std::string_view columns,
                                                            const Page& page) {
  std::vector<Column> out;
  for (const std::string& text : SplitColumns(columns)) {
    auto column = ParseColumn(text);
    if (!column.ok()) return column.status();
    out.push_back(*std::move(column));
  }
  return std::make_unique<CustomColumnsPrinter>(std::move(out), page.header);
}

}  // namespace traffictap::cli::print
