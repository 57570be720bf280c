#include "cli/print/printer.h"

#include "cli/print/table_printer.h"
#include "fmt/format.h"

namespace traffictap::cli::print {

StatusOr<std::unique_ptr<Printer>> MakePrinter(const std::string& form, const Page& page) {
  if (form == "table" || form.empty()) return MakeTablePrinter(page);
  if (form == "wide") return MakeWidePrinter(page);
  return absl::InvalidArgumentError(
      fmt::format("-o: \"{}\" is no form of output: use table, wide, json, yaml, csv, har, name or "
                  "jsonpath=TEMPLATE",
                  form));
}

bool IsControlLine(std::string_view line) {
  return line.empty() || line[0] == ':' || line.starts_with("{\"type\":");
}

}  // namespace traffictap::cli::print
