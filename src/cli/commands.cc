#include "cli/commands.h"

namespace traffictap::cli {

CommandList AllCommands() {
  CommandList out;
  out.push_back(MakeCompletionCommand());
  out.push_back(MakeManCommand());
  out.push_back(MakeVersionCommand());
  out.push_back(MakeCompleteCommand());
  return out;
}

}  // namespace traffictap::cli
