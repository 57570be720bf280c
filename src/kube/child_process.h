// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace traffictap::kube {

struct ChildProcessOptions {
  std::string command;  // with a slash: a path; otherwise looked up in PATH
  std::vector<std::string> args;
  std::map<std::string, std::string> env;  // added to ours, or instead of ours by name
  bool pass_stdin = false;                 // otherwise /dev/null
  base::Nanos timeout = 60 * base::kSecond;
  size_t output_bytes_max = 1 << 20;
};

// Runs a program to its end and returns its standard output; its standard error is ours. kNotFound:
// no such program; kFailedPrecondition: it ended by a signal or with another code than 0;
// kDeadlineExceeded: killed after `timeout`; kResourceExhausted: it wrote too much and was killed.
StatusOr<std::string> RunChildProcess(const ChildProcessOptions& options);

}  // namespace traffictap::kube
