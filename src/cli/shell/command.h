// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "cli/shell/console.h"

namespace traffictap::cli {

// What the shell offers for a value.
enum class Completes {
  kNothing,
  kChoices,  // Option::choices
  kFiles,
  kContexts,
  kNamespaces,
  kTargets,    // workload/checkout, pod/…, ns/…
  kWorkloads,  // checkout
  kTaps,
  kCommands,
};

// Takes a value from the command line. kInvalidArgument: what is wrong with it and what is allowed.
using TakeValue = std::function<Status(const std::string& value)>;

// One option of a command. Parsing, help, completion and the man page are all made of it.
struct Option {
  std::string name;                       // "namespace": --namespace
  char letter = 0;                        // 'n': -n
  std::string value = "";                 // what help calls its value: "NAME"; empty: a flag
  std::string help = "";                  // a clause without a full stop
  TakeValue take = nullptr;               // for each time it is given; a flag's value is empty
  std::vector<std::string> aliases = {};  // "ns": --ns
  Completes completes = Completes::kNothing;
  std::vector<std::string> choices = {};
  std::string section = "";  // the heading in help; empty: "Options"
  bool hidden = false;       // in no help
};

// What is given without a name. A command has at most one of them, and it comes last.
struct Argument {
  std::string name;  // "TARGET"
  std::string help;
  bool required = false;
  bool repeats = false;
  Completes completes = Completes::kNothing;
  std::vector<std::string> choices = {};
  TakeValue take = nullptr;
};

struct Example {
  std::string what;
  std::string line;  // without "kubectl traffictap "
};

struct CommandSpec {
  std::string name;
  std::string summary;      // a clause: "show the traffic of workloads as it happens"
  std::string description;  // paragraphs, parted by empty lines
  std::vector<Argument> arguments = {};
  std::vector<Option> options = {};
  std::vector<Example> examples = {};
  bool hidden = false;    // for programs: not in lists of commands
  bool verbatim = false;  // all that follows are arguments, whatever it looks like
};

struct Cluster;
struct ClusterOptions;
// How commands come to their cluster (cluster.h); tests hand in one in memory.
using Connect = std::function<StatusOr<Cluster>(const ClusterOptions& options)>;

// What a command works with. All of it outlives the call.
struct Session {
  Console* console = nullptr;
  const base::Clock* clock = nullptr;
  std::stop_token stop;  // the program is to end
  Connect connect = nullptr;
};

// One command, used once: Describe binds its options to its members, then Run uses them.
class Command {
 public:
  virtual ~Command() = default;
  virtual CommandSpec Describe() = 0;
  // kCancelled: it was interrupted. Other codes: exit_code.h.
  virtual Status Run(Session& session) = 0;
};

using CommandList = std::vector<std::unique_ptr<Command>>;

// Options of common kinds.
Option TextOption(std::string name, char letter, std::string value, std::string help,
                  std::string* out);
Option FlagOption(std::string name, char letter, std::string help, bool* out);
Option DurationOption(std::string name, std::string help, base::Nanos* out);
// Both bounds are inclusive; no `high`: INT64_MAX.
Option BoundedDurationOption(std::string name, std::string help, base::Nanos low, base::Nanos high,
                             base::Nanos* out);
// A whole number from 1.
Option CountOption(std::string name, std::string help, uint64_t* out);
Option ChoiceOption(std::string name, char letter, std::vector<std::string> choices,
                    std::string help, std::string* out);

}  // namespace traffictap::cli
