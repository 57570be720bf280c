// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

namespace traffictap::cli {

CommandList AllCommands() {
  CommandList out;
  out.push_back(MakeTapCommand());
  out.push_back(MakeAttachCommand());
  out.push_back(MakeListCommand());
  out.push_back(MakeStatusCommand());
  out.push_back(MakeStopCommand());
  out.push_back(MakeDumpCommand());
  out.push_back(MakeCopyCommand());
  out.push_back(MakePlanCommand());
  out.push_back(MakeTopCommand());
  out.push_back(MakePolicyCommand());
  out.push_back(MakeExplainCommand());
  out.push_back(MakeTraceCommand());
  out.push_back(MakeOpenCommand());
  out.push_back(MakeUiCommand());
  out.push_back(MakeCompletionCommand());
  out.push_back(MakeManCommand());
  out.push_back(MakeVersionCommand());
  out.push_back(MakeCompleteCommand());
  return out;
}

}  // namespace traffictap::cli
