// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/print/printer.h"

namespace traffictap::cli::print {

// RFC 4180 with a header line; the columns are in README.md, and the page's export has the same. A
// text that a spreadsheet would run as a formula gets an apostrophe in front.
std::unique_ptr<Printer> MakeCsvPrinter(const Page& page);

}  // namespace traffictap::cli::print
