// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <string>

#include "cli/shell/console.h"

namespace traffictap::cli {

// The process' own standard output and standard error.
class SystemConsole final : public Console {
 public:
  // Once `stop` is requested, Write gives up as soon as the reader keeps it waiting.
  explicit SystemConsole(std::stop_token stop);
  ~SystemConsole() override { SayWaiting(""); }

  Status Write(std::string_view text) override;
  void Say(const std::string& line) override;
  void SayWaiting(const std::string& text) override;
  bool output_is_terminal() const override { return output_is_terminal_; }
  size_t columns() const override;
  size_t rows() const override;
  std::string Environment(const std::string& name) const override;

 private:
  void ClearWaiting();

  const std::stop_token stop_;
  const bool output_is_terminal_;
  const bool errors_are_terminal_;
  std::string waiting_;
  size_t turn_ = 0;
};

}  // namespace traffictap::cli
