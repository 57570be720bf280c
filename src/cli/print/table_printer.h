// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/print/printer.h"

namespace traffictap::cli::print {

// A line per record. On a terminal the columns fit its width: where it is narrow, the columns that
// tell least are left out, and long names and paths are cut in their middle.
std::unique_ptr<Printer> MakeTablePrinter(const Page& page);

// Every column in full, whatever the width.
std::unique_ptr<Printer> MakeWidePrinter(const Page& page);

}  // namespace traffictap::cli::print
