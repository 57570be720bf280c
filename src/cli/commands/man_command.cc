// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"
#include "cli/shell/reference.h"

namespace traffictap::cli {
namespace {

class ManCommand final : public Command {
 public:
  CommandSpec Describe() override {
    CommandSpec spec;
    spec.name = "man";
    spec.summary = "print the man page";
    spec.description =
        "Prints the manual page kubectl-traffictap(1), built from the same tables as --help. View "
        "it with "
        "\"kubectl traffictap man | man -l -\".";
    spec.options = {FlagOption("markdown", 0, "print Markdown instead", &markdown_)};
    return spec;
  }

  Status Run(Session& session) override {
    const auto specs = DescribeAll(AllCommands());
    return session.console->Write(markdown_ ? MarkdownReference(specs) : ManPage(specs));
  }

 private:
  bool markdown_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeManCommand() { return std::make_unique<ManCommand>(); }

}  // namespace traffictap::cli
