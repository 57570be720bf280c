// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/shell/console.h"

namespace traffictap::fakes {

// A console in memory.
class CapturedConsole final : public cli::Console {
 public:
  Status Write(std::string_view text) override {
    if (!write_result.ok()) return write_result;
    output.append(text);
    return absl::OkStatus();
  }
  void Say(const std::string& line) override { said += line + "\n"; }
  void SayWaiting(const std::string& text) override {
    if (!text.empty() && (waited.empty() || waited.back() != text)) waited.push_back(text);
  }
  bool output_is_terminal() const override { return terminal; }
  size_t columns() const override { return terminal ? 120 : 0; }
  std::string Environment(const std::string& name) const override {
    const auto found = environment.find(name);
    return found == environment.end() ? "" : found->second;
  }

  std::string output;
  std::string said;
  std::vector<std::string> waited;
  Status write_result;
  bool terminal = false;
  std::map<std::string, std::string> environment;
};

}  // namespace traffictap::fakes
