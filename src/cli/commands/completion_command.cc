// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/commands/commands.h"
#include "cli/shell/completion.h"
#include "fmt/format.h"

namespace traffictap::cli {
namespace {

class CompletionCommand final : public Command {
 public:
  CommandSpec Describe() override {
    CommandSpec spec;
    spec.name = "completion";
    spec.summary = "print a shell completion script";
    spec.description =
        "Prints a completion script for kubectl-traffictap in bash, zsh or fish. Names of "
        "namespaces, workloads and taps come from the cluster.\n\n"
        "For \"kubectl traffictap\", kubectl's own completion runs "
        "kubectl_complete-traffictap, which must be on the PATH too.";
    const std::vector<std::string> shells = {"bash", "zsh", "fish"};
    Argument shell{"SHELL", "bash, zsh or fish", true};
    shell.completes = Completes::kChoices;
    shell.choices = shells;
    shell.take = [this, shells](const std::string& name) -> Status {
      shell_ = name;
      if (std::find(shells.begin(), shells.end(), name) != shells.end()) return absl::OkStatus();
      return absl::InvalidArgumentError(fmt::format("\"{}\" is none of bash, zsh, fish", name));
    };
    spec.arguments = {shell};
    spec.examples = {
        {"enable completion in this bash", "completion bash > /tmp/tap && . /tmp/tap"}};
    return spec;
  }

  Status Run(Session& session) override { return session.console->Write(CompletionScript(shell_)); }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> MakeCompletionCommand() { return std::make_unique<CompletionCommand>(); }

}  // namespace traffictap::cli
