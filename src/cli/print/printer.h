// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace traffictap::cli::print {

// What records are printed to.
struct Page {
  // A person looks at it: texts of the traffic are shown so that no byte of them steers the
  // terminal.
  bool terminal = false;
  size_t columns = 0;  // of the terminal; 0: nothing is cut to fit
  bool color = false;
  bool header = true;  // table and wide: one line of headings before the first record
  bool utc = false;    // times of the table; otherwise the machine's time zone
};

// Shows records in one form. Appends to a text and writes nowhere itself, so that the caller alone
// meets a full disk or a reader that is gone. Not thread-safe.
class Printer {
 public:
  virtual ~Printer() = default;

  // `line` is one record: a line of the outputs or of the live stream, without its end.
  // kInvalidArgument: it is none; nothing was appended, and the next one may be printed.
  virtual Status Print(std::string_view line, std::string* out) = 0;

  // Completes the document: once, at the end, also after an interrupt and where no record came.
  virtual void Finish(std::string*) {}

  // Records that have no place in this form, such as connections in a HAR.
  virtual size_t left_out() const { return 0; }
};

// By the value of -o: table, wide, json, yaml, csv, har, name, jsonpath=TEMPLATE or
// custom-columns=HEADER:PATH,....
// kInvalidArgument: no such form, or a fault in the template with its place in it.
StatusOr<std::unique_ptr<Printer>> MakePrinter(const std::string& form, const Page& page);

// The values of -o, for help and completion.
constexpr const char* kForms[] = {
    "table", "wide", "json", "yaml", "jsonpath=", "custom-columns=", "csv", "har", "name"};

// Lines of a stream that are no records: {"type":…}, comments and empty ones.
bool IsControlLine(std::string_view line);

}  // namespace traffictap::cli::print
