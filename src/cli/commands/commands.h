// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "cli/shell/command.h"

namespace traffictap::cli {

// All commands, in the order in which help lists them. To add one: a file NAME_command.cc with its
// class and Make function, a line here, and one in commands.cc.
CommandList AllCommands();

std::unique_ptr<Command> MakeTapCommand();
std::unique_ptr<Command> MakeAttachCommand();
std::unique_ptr<Command> MakeListCommand();
std::unique_ptr<Command> MakeStatusCommand();
std::unique_ptr<Command> MakeStopCommand();
std::unique_ptr<Command> MakeDumpCommand();
std::unique_ptr<Command> MakeCopyCommand();
std::unique_ptr<Command> MakePlanCommand();
std::unique_ptr<Command> MakeTopCommand();
std::unique_ptr<Command> MakePolicyCommand();
std::unique_ptr<Command> MakeExplainCommand();
std::unique_ptr<Command> MakeTraceCommand();
std::unique_ptr<Command> MakeOpenCommand();
std::unique_ptr<Command> MakeUiCommand();
std::unique_ptr<Command> MakeCompletionCommand();
std::unique_ptr<Command> MakeCompleteCommand();
std::unique_ptr<Command> MakeManCommand();
std::unique_ptr<Command> MakeVersionCommand();

}  // namespace traffictap::cli
