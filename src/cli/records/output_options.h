// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "cli/print/printer.h"
#include "cli/shell/command.h"

namespace traffictap::cli {

// How records are shown.
struct OutputOptions {
  std::string form = "table";
  std::string color = "auto";
  bool no_headers = false;
  bool utc = false;
  uint64_t max = 0;  // 0: no end
};

void AddOutputOptions(OutputOptions* out, CommandSpec* spec);

// --color alone, for commands that print no records.
Option ColorOption(OutputOptions* out);

// Whether to colour: where --color does not say, on a terminal alone, unless NO_COLOR is set
// (no-color.org) or the terminal is dumb.
bool WantsColor(const OutputOptions& options, const Console& console);

// What a printer is told of the output.
print::Page PageOf(const OutputOptions& options, const Console& console);

// Records to the console in the form that was asked for, at most `max` of them.
class RecordOutput {
 public:
  static StatusOr<std::unique_ptr<RecordOutput>> Make(const OutputOptions& options,
                                                      Console* console);

  // kCancelled once `max` are written, or where the output is closed. A line that is no record is
  // passed over with a word.
  Status Write(std::string_view line);
  // Completes the document; also after an interrupt.
  Status Finish();
  bool full() const { return max_ > 0 && written_ >= max_; }
  uint64_t written() const { return written_; }

 private:
  RecordOutput(std::unique_ptr<print::Printer> printer, uint64_t max, Console* console)
      : printer_(std::move(printer)), max_(max), console_(console) {}

  const std::unique_ptr<print::Printer> printer_;
  const uint64_t max_;
  Console* const console_;
  uint64_t written_ = 0;
};

}  // namespace traffictap::cli
