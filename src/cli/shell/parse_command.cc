// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/parse_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "base/nearest_name.h"
#include "fmt/format.h"

namespace traffictap::cli {
namespace {

struct Given {
  const Option* option = nullptr;
  std::vector<std::string> values;
};

// "-n,--namespace,--ns"
std::string Names(const Option& option) {
  std::string out = option.letter == 0 ? "" : fmt::format("-{},", option.letter);
  out += "--" + option.name;
  for (const auto& alias : option.aliases) out += ",--" + alias;
  return out;
}

void Declare(const Option& option, CLI::App* app, Given* given) {
  given->option = &option;
  if (option.value.empty()) {
    app->add_flag_callback(Names(option), [given] { given->values.push_back(""); })
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->disable_flag_override();
    return;
  }
  // One value each time, so that an argument after it is not taken for a second one.
  app->add_option(Names(option), given->values)->type_size(1)->allow_extra_args(false);
}

Status Failed(const std::string& message) { return absl::InvalidArgumentError(message); }

Status Unexpected(const CommandSpec& spec, const std::vector<std::string>& rest) {
  const std::string word = rest.empty() ? "" : rest.front();
  if (!word.starts_with("-")) return Failed(fmt::format("\"{}\" is one argument too many", word));
  std::vector<std::string> known;
  for (const auto& option : spec.options) {
    if (option.hidden) continue;
    known.push_back(Shown(option));
    for (const auto& alias : option.aliases) known.push_back("--" + alias);
  }
  const std::string name = word.substr(0, word.find('='));
  const std::string nearest = word.starts_with("--") ? base::NearestName(name, known) : "";
  return Failed(fmt::format("unknown option {}{}", name,
                            nearest.empty() ? "" : fmt::format(": did you mean {}?", nearest)));
}

Status TakeAll(const TakeValue& take, const std::vector<std::string>& values,
               const std::string& what) {
  for (const auto& value : values) {
    const Status taken = take(value);
    if (!taken.ok()) return Status(taken.code(), fmt::format("{}: {}", what, Message(taken)));
  }
  return absl::OkStatus();
}

Status TakeArguments(const CommandSpec& spec, const std::vector<std::string>& words) {
  const Argument* argument = spec.arguments.empty() ? nullptr : &spec.arguments.front();
  const size_t most = argument == nullptr ? 0 : argument->repeats ? words.size() : 1;
  if (words.size() > most) return Unexpected(spec, {words[most]});
  if (argument == nullptr) return absl::OkStatus();
  if (argument->required && words.empty())
    return Failed(fmt::format("{} is missing", argument->name));
  return TakeAll(argument->take, words, argument->name);
}

}  // namespace

bool IsNamed(const Option& option, const std::string& word) {
  if (word == Shown(option)) return true;
  if (option.letter != 0 && word == fmt::format("-{}", option.letter)) return true;
  return std::any_of(option.aliases.begin(), option.aliases.end(),
                     [&](const auto& alias) { return word == "--" + alias; });
}

std::optional<std::string> ValueAt(const Option& option, const std::vector<std::string>& words,
                                   size_t at) {
  const std::string& word = words[at];
  if (IsNamed(option, word)) {
    if (option.value.empty()) return "";
    return at + 1 < words.size() ? std::optional(words[at + 1]) : std::nullopt;
  }
  const size_t equals = word.find('=');
  if (word.starts_with("--")) {
    const bool assigned = equals != std::string::npos && IsNamed(option, word.substr(0, equals));
    return assigned ? std::optional(word.substr(equals + 1)) : std::nullopt;
  }
  const bool joined = word.size() > 2 && IsNamed(option, word.substr(0, 2));
  return joined && !option.value.empty() ? std::optional(word.substr(2)) : std::nullopt;
}

std::string Shown(const Option& option) { return "--" + option.name; }

StatusOr<std::vector<std::string>> FoldNegations(const CommandSpec& spec,
                                                 const std::vector<std::string>& args) {
  std::vector<std::string> out;
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i] != "--not") {
      out.push_back(args[i]);
      continue;
    }
    const std::string next = i + 1 < args.size() ? args[i + 1] : "";
    const std::string folded = next.starts_with("--") ? "--not-" + next.substr(2) : "";
    const std::string name = folded.substr(0, folded.find('='));
    const bool known = std::any_of(spec.options.begin(), spec.options.end(),
                                   [&](const Option& o) { return IsNamed(o, name); });
    if (!known) {
      return absl::InvalidArgumentError(
          fmt::format("--not must stand before a filter, such as --not --method GET{}",
                      next.empty() ? "" : fmt::format(", and \"{}\" is none", next)));
    }
    out.push_back(folded);
    ++i;
  }
  return out;
}

StatusOr<ParsedCommand> ParseCommand(const CommandSpec& spec,
                                     const std::vector<std::string>& args) {
  ParsedCommand out;
  if (spec.verbatim) {
    const Status taken = TakeArguments(spec, args);
    return taken.ok() ? StatusOr<ParsedCommand>(out) : taken;
  }
  CLI::App app;
  app.set_help_flag();
  app.add_flag("-h,--help", out.help);
  std::vector<std::string> words;
  app.add_option("ARGUMENT", words);
  std::vector<Given> given(spec.options.size());
  for (size_t i = 0; i < given.size(); ++i) Declare(spec.options[i], &app, &given[i]);
  const auto folded = FoldNegations(spec, args);
  if (!folded.ok()) return folded.status();
  std::vector<std::string> reversed(folded->rbegin(), folded->rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ExtrasError&) {
    if (!out.help) return Unexpected(spec, app.remaining());
  } catch (const CLI::ParseError& error) {
    return Failed(error.what());
  }
  if (out.help) return out;
  for (const auto& [option, values] : given) {
    if (!values.empty()) TT_RETURN_IF_ERROR(TakeAll(option->take, values, Shown(*option)));
  }
  TT_RETURN_IF_ERROR(TakeArguments(spec, words));
  return out;
}

}  // namespace traffictap::cli
