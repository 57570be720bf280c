// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace traffictap::cli {

// Where a command speaks: records to standard output, words for a person to standard error. Used by
// one thread.
class Console {
 public:
  virtual ~Console() = default;

  // All of `text` to standard output; waits for a slow reader. kCancelled: the program is to end
  // (nobody reads any more, or a signal came); kDataLoss: it cannot be written.
  virtual Status Write(std::string_view text) = 0;
  // A line for a person. Texts from elsewhere come out visible: nothing in them steers the
  // terminal.
  virtual void Say(const std::string& line) = 0;
  // What is waited for now. On a terminal one line that changes and goes with the next Say or
  // Write; elsewhere a line wherever the text differs. Empty: nothing any more.
  virtual void SayWaiting(const std::string& text) = 0;

  virtual bool output_is_terminal() const = 0;
  // Of the terminal; 0 where output is none.
  virtual size_t columns() const = 0;
  virtual size_t rows() const { return 0; }
  // The value of an environment variable, or empty.
  virtual std::string Environment(const std::string& name) const = 0;
};

}  // namespace traffictap::cli
