// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "cli/print/lines.h"
#include "cli/print/printer.h"

namespace traffictap::fakes {

// `lines` in `form`, whole document.
inline std::string Printed(const std::string& form, const cli::print::Page& page,
                           const std::vector<std::string>& lines = {
                               Line("pair"), Line("orphan"), Line("connection"), Line("hostile")}) {
  auto printer = cli::print::MakePrinter(form, page);
  BOOST_REQUIRE_MESSAGE(printer.ok(), Message(printer.status()));
  std::string out;
  for (const auto& line : lines) {
    const Status printed = (*printer)->Print(line, &out);
    BOOST_REQUIRE_MESSAGE(printed.ok(), Message(printed));
  }
  (*printer)->Finish(&out);
  return out;
}

// Compares with a file of tests/cli/print/golden, or writes it with TRAFFICTAP_GOLDEN=write.
inline void CheckGolden(const std::string& name, const std::string& text) {
  const char* mode = std::getenv("TRAFFICTAP_GOLDEN");
  if (mode != nullptr && std::string(mode) == "write") {
    std::ofstream(GoldenPath(name), std::ios::binary) << text;
  }
  BOOST_TEST(text == Golden(name), name << " is not as it was:\n" << text);
}

}  // namespace traffictap::fakes
