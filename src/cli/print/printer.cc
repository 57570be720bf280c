// SPDX-License-Identifier: Apache-2.0
#include "cli/print/printer.h"

#include "cli/print/csv_printer.h"
#include "cli/print/custom_columns_printer.h"
#include "cli/print/har_printer.h"
#include "cli/print/json_printers.h"
#include "cli/print/table_printer.h"
#include "fmt/format.h"

namespace traffictap::cli::print {
namespace {

constexpr std::string_view kJsonPath = "jsonpath=";
constexpr std::string_view kCustomColumns = "custom-columns=";

}  // namespace

StatusOr<std::unique_ptr<Printer>> MakePrinter(const std::string& form, const Page& page) {
  if (form == "table" || form.empty()) return MakeTablePrinter(page);
  if (form == "wide") return MakeWidePrinter(page);
  if (form == "json") return MakeJsonPrinter(page);
  if (form == "yaml") return MakeYamlPrinter(page);
  if (form == "csv") return MakeCsvPrinter(page);
  if (form == "har") return MakeHarPrinter(page);
  if (form == "name") return MakeNamePrinter(page);
  if (form.starts_with(kJsonPath)) return MakeJsonPathPrinter(form.substr(kJsonPath.size()), page);
  if (form.starts_with(kCustomColumns)) {
    return MakeCustomColumnsPrinter(form.substr(kCustomColumns.size()), page);
  }
  return absl::InvalidArgumentError(
      fmt::format("-o: unknown output format \"{}\": use table, wide, json, yaml, csv, har, name, "
                  "jsonpath=TEMPLATE or custom-columns=HEADER:PATH,...",
                  form));
}

bool IsControlLine(std::string_view line) {
  return line.empty() || line[0] == ':' || line.starts_with("{\"type\":");
}

}  // namespace traffictap::cli::print
