// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/print/printer.h"

namespace traffictap::cli::print {

// The line as it came, byte by byte. On a terminal with the same meaning, but nothing in it steers.
std::unique_ptr<Printer> MakeJsonPrinter(const Page& page);

// A YAML 1.2 document per record, each after "---", that reads as the same value as the JSON.
std::unique_ptr<Printer> MakeYamlPrinter(const Page& page);

// "pair.tap.traffictap.io/ID": what `explain` takes.
std::unique_ptr<Printer> MakeNamePrinter(const Page& page);

// A template in kubectl's JSONPath grammar (json_path.h); every record ends its line.
StatusOr<std::unique_ptr<Printer>> MakeJsonPathPrinter(std::string_view form, const Page& page);

}  // namespace traffictap::cli::print
