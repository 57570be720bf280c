// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"
#include "cli/print/printer.h"

namespace traffictap::cli::print {

// A table of the columns that kubectl's -o custom-columns describes: "HEADER:PATH,HEADER:PATH", paths
// as JsonPath::ParsePath takes them. Nothing is cut; a column is as wide as the widest of its cells so
// far, since records are shown as they come. kInvalidArgument tells which column is wrong.
StatusOr<std::unique_ptr<Printer>> MakeCustomColumnsPrinter(std::string_view columns,
                                                            const Page& page);

}  // namespace traffictap::cli::print
