// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/print/printer.h"

namespace traffictap::cli::print {

// One HTTP archive, HAR 1.2 (w3c.github.io/web-performance/specs/HAR/Overview.html), without
// bodies. The mapping is in README.md, and the page's export has the same. Connections have no
// place in it and are left out.
std::unique_ptr<Printer> MakeHarPrinter(const Page& page);

}  // namespace traffictap::cli::print
