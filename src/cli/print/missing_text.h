// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace traffictap::cli::print {

// Whose records, or whatever `what` calls it, are not in `answer`, in words and with a line end:
// `answer` is one of several collectors together, or the line Partial of their stream
// (observe/README.md). Empty: nobody's, or the answer is of one collector.
std::string MissingText(std::string_view answer, std::string_view what = "records");

}  // namespace traffictap::cli::print
