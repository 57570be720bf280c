// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/reference.h"

#include <algorithm>

#include "cli/shell/exit_code.h"
#include "fmt/format.h"

namespace traffictap::cli {
namespace {

constexpr size_t kTextColumns = 96;
constexpr size_t kHelpColumn = 34;
constexpr char kProgram[] = "kubectl traffictap";
constexpr char kPurpose[] = "watch the traffic of an Istio mesh, both sides of each request joined";

// "-n, --namespace, --ns NAME"
std::string Heading(const Option& option) {
  std::string out = option.letter == 0 ? "" : fmt::format("-{}, ", option.letter);
  out += "--" + option.name;
  for (const auto& alias : option.aliases) out += ", --" + alias;
  return option.value.empty() ? out : out + " " + option.value;
}

std::string Usage(const CommandSpec& spec) {
  std::string out = fmt::format("{} {}", kProgram, spec.name);
  for (const auto& argument : spec.arguments) {
    const std::string word = argument.name + (argument.repeats ? " ..." : "");
    out += argument.required ? " " + word : " [" + word + "]";
  }
  return spec.options.empty() ? out : out + " [options]";
}

std::vector<std::string> Wrapped(const std::string& text, size_t columns) {
  std::vector<std::string> lines(1);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > columns)
      lines.push_back("");
    lines.back() += (lines.back().empty() ? "" : " ") + word;
    begin = end + 1;
  }
  return lines;
}

// A name and what it means, the meanings below each other.
std::string Row(const std::string& name, const std::string& meaning) {
  std::string out = "  " + name;
  const bool fits = out.size() + 2 <= kHelpColumn;
  if (!fits) out += "\n";
  size_t at = fits ? out.size() : 0;
  for (const auto& line : Wrapped(meaning, kTextColumns - kHelpColumn)) {
    out += std::string(kHelpColumn - at, ' ') + line + "\n";
    at = 0;
  }
  return out;
}

std::vector<std::string> Paragraphs(const std::string& text) {
  std::vector<std::string> out;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find("\n\n", begin), text.size());
    out.push_back(text.substr(begin, end - begin));
    begin = end + 2;
  }
  return out;
}

std::vector<std::string> Sections(const CommandSpec& spec) {
  std::vector<std::string> out;
  for (const auto& option : spec.options) {
    const std::string section = option.section.empty() ? "Options" : option.section;
    if (std::find(out.begin(), out.end(), section) == out.end()) out.push_back(section);
  }
  return out;
}

bool IsIn(const Option& option, const std::string& section) {
  return option.section == section || (option.section.empty() && section == "Options");
}

// A text of man(7): no character of it is a macro.
std::string Roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string ManTerm(const std::string& name, const std::string& meaning) {
  return fmt::format(".TP\n\\fB{}\\fR\n{}\n", Roff(name), Roff(meaning));
}

std::string ManCommand(const CommandSpec& spec) {
  std::string out = fmt::format(".SS {}\n.B {}\n.PP\n", Roff(spec.name), Roff(Usage(spec)));
  for (const auto& text : Paragraphs(spec.description)) out += Roff(text) + "\n.PP\n";
  for (const auto& argument : spec.arguments) out += ManTerm(argument.name, argument.help);
  for (const auto& option : spec.options) {
    if (!option.hidden) out += ManTerm(Heading(option), option.help);
  }
  for (const auto& example : spec.examples) {
    out += fmt::format(".PP\n{}:\n.PP\n.EX\n{} {}\n.EE\n", Roff(example.what), kProgram,
                       Roff(example.line));
  }
  return out;
}

std::string MarkdownRow(const std::string& name, const std::string& meaning) {
  return fmt::format("| `{}` | {} |\n", name, meaning);
}

// Bars inside of a cell would end it.
std::string Cell(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

std::string MarkdownCommand(const CommandSpec& spec) {
  std::string out = fmt::format("\n## {}\n\n    {}\n", spec.name, Usage(spec));
  for (const auto& text : Paragraphs(spec.description)) out += "\n" + text + "\n";
  if (!spec.options.empty() || !spec.arguments.empty())
    out += "\n| Option | Meaning |\n|---|---|\n";
  for (const auto& argument : spec.arguments) {
    out += MarkdownRow(Cell(argument.name), Cell(argument.help));
  }
  for (const auto& option : spec.options) {
    if (!option.hidden) out += MarkdownRow(Cell(Heading(option)), Cell(option.help));
  }
  for (const auto& example : spec.examples) {
    out += fmt::format("\n{}:\n\n    {} {}\n", example.what, kProgram, example.line);
  }
  return out;
}

}  // namespace

std::string HelpText(const CommandSpec& spec) {
  std::string out = fmt::format("{}: {}\n\nUsage:\n  {}\n", spec.name, spec.summary, Usage(spec));
  for (const auto& text : Paragraphs(spec.description)) {
    out += "\n";
    for (const auto& line : Wrapped(text, kTextColumns)) out += line + "\n";
  }
  if (!spec.examples.empty()) out += "\nExamples:\n";
  for (const auto& example : spec.examples) {
    out += fmt::format("  # {}\n  {} {}\n", example.what, kProgram, example.line);
  }
  if (!spec.arguments.empty()) out += "\nArguments:\n";
  for (const auto& argument : spec.arguments) out += Row(argument.name, argument.help);
  for (const auto& section : Sections(spec)) {
    out += "\n" + section + ":\n";
    for (const auto& option : spec.options) {
      if (!option.hidden && IsIn(option, section)) out += Row(Heading(option), option.help);
    }
  }
  return out;
}

std::string OverviewText(const std::vector<CommandSpec>& specs) {
  std::string out = fmt::format("{}: {}\n\nUsage:\n  {} COMMAND [options]\n\nCommands:\n", kProgram,
                                kPurpose, kProgram);
  for (const auto& spec : specs) {
    if (!spec.hidden) out += Row(spec.name, spec.summary);
  }
  out += "\nExit codes:\n";
  for (const auto& exit : kExitMeanings)
    out += Row(std::string(exit.code), std::string(exit.meaning));
  return out +
         fmt::format("\nSee \"{} COMMAND --help\" for the options of one command.\n", kProgram);
}

std::string ManPage(const std::vector<CommandSpec>& specs) {
  std::string out = fmt::format(
      ".TH KUBECTL-TRAFFICTAP 1 \"\" \"TrafficTap {}\"\n.SH NAME\nkubectl-traffictap \\- {}\n"
      ".SH SYNOPSIS\n.B {}\nCOMMAND [options]\n.SH COMMANDS\n",
      TRAFFICTAP_VERSION, Roff(kPurpose), kProgram);
  for (const auto& spec : specs) {
    if (!spec.hidden) out += ManCommand(spec);
  }
  out += ".SH EXIT STATUS\n";
  for (const auto& exit : kExitMeanings) {
    out += ManTerm(std::string(exit.code), std::string(exit.meaning));
  }
  out += ".SH ENVIRONMENT\n";
  out += ManTerm("KUBECONFIG", "kubeconfig files, separated by colons");
  return out + ManTerm("NO_COLOR", "if set, output is not colored unless --color asks for it");
}

std::string MarkdownReference(const std::vector<CommandSpec>& specs) {
  std::string out = fmt::format("# {}\n\nTo {}.\n", kProgram, kPurpose);
  for (const auto& spec : specs) {
    if (!spec.hidden) out += MarkdownCommand(spec);
  }
  out += "\n## Exit codes\n\n| Code | Meaning |\n|---|---|\n";
  for (const auto& exit : kExitMeanings) {
    out += MarkdownRow(std::string(exit.code), Cell(std::string(exit.meaning)));
  }
  return out;
}

std::vector<CommandSpec> DescribeAll(const CommandList& commands) {
  std::vector<CommandSpec> out;
  for (const auto& command : commands) out.push_back(command->Describe());
  return out;
}

}  // namespace traffictap::cli
