// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/shell/command.h"

namespace traffictap::cli {

struct Candidate {
  std::string text;
  std::string help = "";
};

// What may stand for the last word of a command line.
struct Completion {
  std::vector<Candidate> candidates;
  bool files = false;     // the shell offers files itself
  bool no_space = false;  // more of the word follows
};

// Names that only the cluster knows; empty where it does not answer.
using LiveNames = std::function<std::vector<std::string>(Completes what)>;

// `words` follow the program's name; the last one is being typed and may be empty. Only candidates
// that begin with it are returned.
Completion Complete(const std::vector<CommandSpec>& specs, const std::vector<std::string>& words,
                    const LiveNames& names);

// In the form that kubectl expects of a plugin's completion, which is that of cobra's __complete: a
// candidate a line with a tab before its help, then ":" and the sum of directives (2: no blank
// after it, 4: no files).
std::string CompletionText(const Completion& completion);

// The script that makes a shell ("bash", "zsh", "fish") ask us.
std::string CompletionScript(const std::string& shell);

}  // namespace traffictap::cli
