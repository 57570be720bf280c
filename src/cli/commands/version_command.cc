// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

namespace traffictap::cli {
namespace {

class VersionCommand final : public Command {
 public:
  CommandSpec Describe() override {
    CommandSpec spec;
    spec.name = "version";
    spec.summary = "print the version of this program";
    return spec;
  }

  Status Run(Session& session) override {
    return session.console->Write("kubectl-traffictap " TRAFFICTAP_VERSION "\n");
  }
};

}  // namespace

std::unique_ptr<Command> MakeVersionCommand() { return std::make_unique<VersionCommand>(); }

}  // namespace traffictap::cli
