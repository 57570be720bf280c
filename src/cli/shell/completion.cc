// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/completion.h"

#include <algorithm>

#include "cli/shell/parse_command.h"
#include "fmt/format.h"

namespace traffictap::cli {
namespace {

constexpr int kNoSpace = 2;
constexpr int kNoFiles = 4;

constexpr char kBash[] = R"sh(_kubectl_traffictap() {
  local answer line
  answer=$(kubectl-traffictap __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  local directive=${answer##*:}
  COMPREPLY=()
  if (( !(directive & 4) )); then compopt -o default; fi
  if (( directive & 2 )); then compopt -o nospace; fi
  while IFS= read -r line; do
    [[ $line == :* ]] || COMPREPLY+=("${line%%$'\t'*}")
  done <<<"$answer"
}
complete -F _kubectl_traffictap kubectl-traffictap
)sh";

constexpr char kZsh[] = R"sh(#compdef kubectl-traffictap
_kubectl_traffictap() {
  local answer line directive
  answer=$(kubectl-traffictap __complete "${(@)words[2,$CURRENT]}" 2>/dev/null) || return
  directive=${answer##*:}
  local -a found
  for line in ${(f)answer}; do
    [[ $line == :* ]] && continue
    line=${line//:/\\:}
    found+=("${line/$'\t'/:}")
  done
  local -a blank
  (( directive & 2 )) && blank=(-S '')
  (( $#found )) && _describe -t values value found $blank
  (( directive & 4 )) || _files
}
compdef _kubectl_traffictap kubectl-traffictap
)sh";

constexpr char kFish[] = R"sh(function __kubectl_traffictap_complete
  set -l words (commandline -opc) (commandline -ct)
  kubectl-traffictap __complete $words[2..-1] 2>/dev/null | string match -v ':*'
end
complete -c kubectl-traffictap -f -a '(__kubectl_traffictap_complete)'
)sh";

const CommandSpec* FindCommand(const std::vector<CommandSpec>& specs, const std::string& name) {
  const auto found =
      std::find_if(specs.begin(), specs.end(), [&](const auto& spec) { return spec.name == name; });
  return found == specs.end() || found->hidden ? nullptr : &*found;
}

const Option* FindOption(const CommandSpec& spec, const std::string& word) {
  const auto found = std::find_if(spec.options.begin(), spec.options.end(),
                                  [&](const Option& option) { return IsNamed(option, word); });
  return found == spec.options.end() ? nullptr : &*found;
}

void AddNames(const std::vector<std::string>& names, const std::string& typed, Completion* out) {
  for (const auto& name : names) {
    if (name.starts_with(typed)) out->candidates.push_back({name});
  }
}

void AddValues(Completes what, const std::vector<std::string>& choices, const std::string& typed,
               const LiveNames& names, Completion* out) {
  if (what == Completes::kNothing) return;
  if (what == Completes::kFiles) {
    out->files = true;
  } else if (what == Completes::kChoices) {
    AddNames(choices, typed, out);
  } else {
    AddNames(names(what), typed, out);
  }
}

void AddCommands(const std::vector<CommandSpec>& specs, const std::string& typed, Completion* out) {
  for (const auto& spec : specs) {
    if (!spec.hidden && spec.name.starts_with(typed)) {
      out->candidates.push_back({spec.name, spec.summary});
    }
  }
}

void AddOptions(const CommandSpec& spec, const std::string& typed, Completion* out) {
  for (const auto& option : spec.options) {
    if (!option.hidden && Shown(option).starts_with(typed))
      out->candidates.push_back({Shown(option), option.help});
  }
}

// Candidates for "--output=js" hold the option's name as well: shells replace the whole word.
void AddAssigned(const Option& option, const std::string& word, const LiveNames& names,
                 Completion* out) {
  const size_t equals = word.find('=');
  AddValues(option.completes, option.choices, word.substr(equals + 1), names, out);
  for (auto& candidate : out->candidates) {
    candidate.text = word.substr(0, equals + 1) + candidate.text;
  }
}

}  // namespace

Completion Complete(const std::vector<CommandSpec>& specs, const std::vector<std::string>& words,
                    const LiveNames& names) {
  Completion out;
  const std::string typed = words.empty() ? "" : words.back();
  if (words.size() < 2) {
    AddCommands(specs, typed, &out);
    return out;
  }
  if (words[0] == "help" && words.size() == 2) {
    AddCommands(specs, typed, &out);
    return out;
  }
  const CommandSpec* spec = FindCommand(specs, words[0]);
  if (spec == nullptr) return out;
  // bash makes a word of its own of each '='.
  const bool split = words.size() > 3 && words[words.size() - 2] == "=";
  const std::string& before = words[words.size() - (split ? 3 : 2)];
  const Option* option = words.size() > 2 ? FindOption(*spec, before) : nullptr;
  const Option* assigned = FindOption(*spec, typed.substr(0, typed.find('=')));
  if (option != nullptr && !option->value.empty()) {
    AddValues(option->completes, option->choices, typed == "=" ? "" : typed, names, &out);
  } else if (assigned != nullptr && typed.find('=') != std::string::npos) {
    AddAssigned(*assigned, typed, names, &out);
  } else if (typed.starts_with("-")) {
    AddOptions(*spec, typed, &out);
  } else if (!spec->arguments.empty()) {
    const Argument& argument = spec->arguments.front();
    AddValues(argument.completes, argument.choices, typed, names, &out);
  }
  out.no_space = out.candidates.size() == 1 &&
                 (out.candidates[0].text.ends_with("=") || out.candidates[0].text.ends_with("/"));
  return out;
}

std::string CompletionText(const Completion& completion) {
  std::string out;
  for (const auto& candidate : completion.candidates) {
    out += candidate.text + (candidate.help.empty() ? "" : "\t" + candidate.help) + "\n";
  }
  const int directive = (completion.no_space ? kNoSpace : 0) | (completion.files ? 0 : kNoFiles);
  return out + fmt::format(":{}\n", directive);
}

std::string CompletionScript(const std::string& shell) {
  if (shell == "bash") return kBash;
  return shell == "zsh" ? kZsh : kFish;
}

}  // namespace traffictap::cli
