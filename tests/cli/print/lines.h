// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "source_dir.h"

namespace traffictap::fakes {

inline std::string GoldenPath(const std::string& name) {
  return SourceDir() + "/tests/cli/print/golden/" + name;
}

// A file of tests/cli/print/golden; tests/ui reads the same ones.
inline std::string Golden(const std::string& name) {
  std::ifstream file(GoldenPath(name), std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A record without its line's end: "pair" has both sides, a retry and flags; "orphan" only the
// server's side; "connection" is TCP; "hostile" holds what a caller of a service could put into it.
inline std::string Line(const std::string& name) {
  std::string line = Golden(name + ".ndjson");
  line.pop_back();
  return line;
}

inline std::vector<std::string> SplitLines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out.push_back(line);
  return out;
}

}  // namespace traffictap::fakes
