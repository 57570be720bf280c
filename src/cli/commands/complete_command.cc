// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"
#include "cli/shell/completion.h"
#include "cli/shell/reference.h"
#include "cli/taps/live_names.h"

namespace traffictap::cli {
namespace {

class CompleteCommand final : public Command {
 public:
  CommandSpec Describe() override {
    CommandSpec spec;
    spec.name = "__complete";
    spec.summary = "answer a shell that completes a command line";
    spec.hidden = true;
    spec.verbatim = true;
    Argument words{"WORD", "the words so far", false, true};
    words.take = [this](const std::string& word) {
      words_.push_back(word);
      return absl::OkStatus();
    };
    spec.arguments = {words};
    return spec;
  }

  Status Run(Session& session) override {
    const auto names = [&](Completes what) { return ReadLiveNames(what, words_, session); };
    return session.console->Write(
        CompletionText(Complete(DescribeAll(AllCommands()), words_, names)));
  }

 private:
  std::vector<std::string> words_;
};

}  // namespace

std::unique_ptr<Command> MakeCompleteCommand() { return std::make_unique<CompleteCommand>(); }

}  // namespace traffictap::cli
