// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "cli/shell/console.h"

namespace traffictap::cli {

// Says to a person whose records are missing, whenever that changes: over answers and connections
// that tell it again.
class MissingNotice {
 public:
  // The console outlives it.
  explicit MissingNotice(Console* console) : console_(console) {}

  // `answer` as print::MissingText takes it.
  void Tell(std::string_view answer);

 private:
  Console* const console_;
  std::string told_;
};

// print::MissingText without its line end.
std::string MissingOf(std::string_view answer, std::string_view what = "records");

}  // namespace traffictap::cli
