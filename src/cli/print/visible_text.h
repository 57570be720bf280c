// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace traffictap::cli::print {

// `text` as it may go to a terminal: what is not a character of its own (controls, escape
// sequences, bidirectional overrides, invisible and combining ones, code points that are not
// assigned) is shown as its code, such as \u{1b}, and a byte that is not UTF-8 as U+FFFD. So what
// is on the screen is what was sent. The page shows texts alike (src/web/ui/src/format.ts).
std::string VisibleText(std::string_view text);

// `json` with the same meaning, in which what VisibleText shows as its code is escaped as \uXXXX.
std::string VisibleJson(std::string_view json);
// The same for a quoted text of YAML, which knows no surrogates: \UXXXXXXXX beyond \uffff.
std::string VisibleYaml(std::string_view quoted);

// Columns that a visible text takes on a terminal.
size_t TextColumns(std::string_view visible);

// A visible text in at most `columns` columns, cut in its middle with "…": both a path's begin and
// its end tell.
std::string FitText(std::string_view visible, size_t columns);

// Adds blanks up to `columns`.
std::string PadText(std::string text, size_t columns);

}  // namespace traffictap::cli::print
