// SPDX-License-Identifier: Apache-2.0
#include "cli/records/output_options.h"

#include "fmt/format.h"

namespace traffictap::cli {
namespace {

constexpr char kSection[] = "Output";

Option FormOption(OutputOptions* out) {
  Option option;
  option.name = "output";
  option.letter = 'o';
  option.value = "FORM";
  for (const char* form : print::kForms) option.choices.push_back(form);
  option.completes = Completes::kChoices;
  option.help =
      "table, wide, json (one record per line), yaml, jsonpath=TEMPLATE, "
      "custom-columns=HEADER:PATH,..., csv, har or name";
  option.take = [out](const std::string& form) {
    out->form = form;
    return print::MakePrinter(form, {}).status();
  };
  return option;
}

}  // namespace

Option ColorOption(OutputOptions* out) {
  return ChoiceOption("color", 0, {"auto", "always", "never"},
                      "when to use color; auto: on a terminal, unless NO_COLOR is set",
                      &out->color);
}

void AddOutputOptions(OutputOptions* out, CommandSpec* spec) {
  for (Option option :
       {FormOption(out), CountOption("max", "stop after COUNT records", &out->max),
        FlagOption("no-headers", 0, "omit the header line", &out->no_headers),
        FlagOption("utc", 0, "show table times in UTC instead of local time", &out->utc),
        ColorOption(out)}) {
    option.section = kSection;
    spec->options.push_back(std::move(option));
  }
}

bool WantsColor(const OutputOptions& options, const Console& console) {
  if (options.color != "auto") return options.color == "always";
  return console.output_is_terminal() && console.Environment("NO_COLOR").empty() &&
         console.Environment("TERM") != "dumb";
}

print::Page PageOf(const OutputOptions& options, const Console& console) {
  print::Page page;
  page.terminal = console.output_is_terminal();
  page.columns = console.columns();
  page.color = WantsColor(options, console);
  page.header = !options.no_headers;
  page.utc = options.utc;
  return page;
}

StatusOr<std::unique_ptr<RecordOutput>> RecordOutput::Make(const OutputOptions& options,
                                                           Console* console) {
  auto printer = print::MakePrinter(options.form, PageOf(options, *console));
  if (!printer.ok()) return printer.status();
  return std::unique_ptr<RecordOutput>(new RecordOutput(*std::move(printer), options.max, console));
}

Status RecordOutput::Write(std::string_view line) {
  std::string text;
  const Status printed = printer_->Print(line, &text);
  if (!printed.ok()) {
    console_->Say(fmt::format("warning: skipped a record: {}", Message(printed)));
    return absl::OkStatus();
  }
  TT_RETURN_IF_ERROR(console_->Write(text));
  ++written_;
  return full() ? absl::CancelledError("reached --max") : absl::OkStatus();
}

Status RecordOutput::Finish() {
  std::string text;
  printer_->Finish(&text);
  if (printer_->left_out() > 0) {
    console_->Say(fmt::format("{} records cannot be shown in this format", printer_->left_out()));
  }
  return text.empty() ? absl::OkStatus() : console_->Write(text);
}

}  // namespace traffictap::cli
