// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/program.h"

#include <algorithm>

#include "base/nearest_name.h"
#include "cli/commands/commands.h"
#include "cli/records/cluster.h"
#include "cli/shell/exit_code.h"
#include "cli/shell/parse_command.h"
#include "cli/shell/reference.h"
#include "fmt/format.h"

namespace traffictap::cli {
namespace {

int Fail(Session& session, const Status& status) {
  if (!absl::IsCancelled(status)) session.console->Say("error: " + Message(status));
  return ExitCodeOf(status);
}

int Print(Session& session, const std::string& text) {
  const Status written = session.console->Write(text);
  return written.ok() ? kExitOk : Fail(session, written);
}

int UnknownCommand(Session& session, const CommandList& commands, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& spec : DescribeAll(commands)) {
    if (!spec.hidden) known.push_back(spec.name);
  }
  const std::string nearest = base::NearestName(name, known);
  return Fail(session, absl::InvalidArgumentError(fmt::format(
                           "unknown command \"{}\"{}; see kubectl traffictap --help", name,
                           nearest.empty() ? "" : fmt::format(": did you mean {}?", nearest))));
}

int RunCommand(Command& command, const std::vector<std::string>& args, Session& session) {
  const CommandSpec spec = command.Describe();
  const auto parsed = ParseCommand(spec, args);
  if (!parsed.ok()) {
    const int code = Fail(session, parsed.status());
    session.console->Say(fmt::format("See kubectl traffictap {} --help", spec.name));
    return code;
  }
  if (parsed->help) return Print(session, HelpText(spec));
  const Status done = command.Run(session);
  session.console->SayWaiting("");
  return done.ok() ? kExitOk : Fail(session, done);
}

bool IsHelp(const std::string& word) { return word == "-h" || word == "--help" || word == "help"; }

// As with kubectl's own commands, options that lead to the cluster may stand before the command:
// "-n shop list" is "list -n shop". Anything else stays as it is.
std::vector<std::string> CommandFirst(const std::vector<std::string>& args) {
  ClusterOptions unused;
  CommandSpec spec;
  AddClusterOptions(AllNamespaces::kOffered, Standalone::kOffered, &unused, &spec);
  size_t at = 0;
  while (at < args.size() && args[at].starts_with("-")) {
    const auto option =
        std::find_if(spec.options.begin(), spec.options.end(),
                     [&](const Option& one) { return ValueAt(one, args, at).has_value(); });
    if (option == spec.options.end()) return args;
    at += !option->value.empty() && IsNamed(*option, args[at]) ? 2 : 1;
  }
  if (at == 0 || at >= args.size()) return args;
  std::vector<std::string> out = {args[at]};
  out.insert(out.end(), args.begin(), args.begin() + static_cast<ptrdiff_t>(at));
  out.insert(out.end(), args.begin() + static_cast<ptrdiff_t>(at) + 1, args.end());
  return out;
}

}  // namespace

int RunProgram(const std::vector<std::string>& given, Session& session) {
  const std::vector<std::string> args = CommandFirst(given);
  const CommandList commands = AllCommands();
  const std::string name = args.empty() ? "" : args.front();
  if (name.empty() || (IsHelp(name) && args.size() == 1)) {
    const int code = Print(session, OverviewText(DescribeAll(commands)));
    return name.empty() ? kExitUsage : code;
  }
  if (IsHelp(name)) return RunProgram({args[1], "--help"}, session);
  const std::string wanted = name == "--version" ? "version" : name;
  const auto found = std::find_if(commands.begin(), commands.end(), [&](const auto& command) {
    return command->Describe().name == wanted;
  });
  if (found == commands.end()) return UnknownCommand(session, commands, name);
  std::vector<std::string> rest(args.begin() + 1, args.end());
  if (wanted != name) rest.push_back("--client");
  return RunCommand(**found, rest, session);
}

}  // namespace traffictap::cli
