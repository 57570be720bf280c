// SPDX-License-Identifier: Apache-2.0
#include "cli/records/filter_options.h"

#include <algorithm>
#include <string_view>

#include "observe/filter_words.h"

namespace traffictap::cli {
namespace {

using observe::FilterNames;
using observe::FilterWord;

constexpr char kSection[] = "Filters (all must match; repeat one to match any of its values)";
constexpr std::string_view kNot = "not.";

Completes CompletesOf(FilterNames names) {
  switch (names) {
    case FilterNames::kNone: return Completes::kNothing;
    case FilterNames::kChoices: return Completes::kChoices;
    case FilterNames::kWorkloads: return Completes::kWorkloads;
    case FilterNames::kNamespaces: return Completes::kNamespaces;
  }
  return Completes::kNothing;
}

Option MakeOption(const FilterWord& word, bool negated, FilterOptions* out) {
  const std::string prefix = negated ? "not-" : "";
  Option option;
  option.name = prefix + word.option;
  for (const auto& alias : word.aliases) option.aliases.push_back(prefix + alias);
  option.value = word.value;
  option.help = word.help;
  option.completes = CompletesOf(word.names);
  option.choices = word.choices;
  option.section = kSection;
  option.hidden = negated;
  const std::string parameter = word.parameter;
  option.take = [out, parameter, negated](const std::string& value) {
    observe::RecordConditions scratch;
    TT_RETURN_IF_ERROR(observe::ReadCondition({parameter, value}, &scratch));
    out->parameters.push_back({negated ? std::string(kNot) + parameter : parameter, value});
    return absl::OkStatus();
  };
  return option;
}

void AddOptions(bool negated, FilterOptions* out, CommandSpec* spec) {
  for (const auto& word : observe::FilterWords()) {
    if (!word.option.empty()) spec->options.push_back(MakeOption(word, negated, out));
  }
}

bool IsOfTap(const std::string& parameter) {
  const FilterWord* word = observe::FindFilterWord(parameter);
  return word != nullptr && !word->tap_field.empty();
}

// A record has only the headers that its tap asks for, so those that are kept out have to be
// captured.
void CaptureExcluded(const std::vector<observe::Parameter>& rest,
                     std::vector<std::string>* headers) {
  for (const auto& parameter : rest) {
    if (!parameter.name.starts_with(kNot)) continue;
    observe::RecordConditions excluded;
    (void)observe::ReadCondition({parameter.name.substr(kNot.size()), parameter.value}, &excluded);
    for (const auto& header : excluded.match.headers) {
      const bool known = std::find(headers->begin(), headers->end(), header.name) != headers->end();
      if (!known) headers->push_back(header.name);
    }
  }
}

}  // namespace

void AddFilterOptions(FilterOptions* out, CommandSpec* spec) {
  AddOptions(/*negated=*/false, out, spec);
  Option negation;
  negation.name = "not";
  negation.help = "negate the next filter: --not --method GET";
  negation.section = kSection;
  negation.take = [](const std::string&) {
    return absl::InvalidArgumentError("must stand before the filter that it negates");
  };
  spec->options.push_back(negation);
  AddOptions(/*negated=*/true, out, spec);
}

bool AsksForOpen(const FilterOptions& filter) {
  return std::any_of(filter.parameters.begin(), filter.parameters.end(), [](const auto& parameter) {
    const bool excludes = parameter.name.starts_with(kNot);
    observe::RecordConditions read;
    // Checked when it was taken.
    (void)observe::ReadCondition(
        {excludes ? parameter.name.substr(kNot.size()) : parameter.name, parameter.value}, &read);
    return excludes ? read.ended && !read.open : read.open;
  });
}

Status CheckCounted(const FilterOptions& filter) {
  if (!AsksForOpen(filter)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "--state: a stream counts once, when it has ended; see open ones with attach or open");
}

SplitFilter SplitForTap(const FilterOptions& filter) {
  SplitFilter out;
  observe::RecordConditions conditions;
  for (const auto& parameter : filter.parameters) {
    // Checked when it was taken: it reads again.
    const bool taken =
        IsOfTap(parameter.name) && observe::ReadCondition(parameter, &conditions).ok();
    if (!taken) out.rest.push_back(parameter);
  }
  // A tap compares paths without their queries; the stream then looks at all of them.
  for (const auto& parameter : filter.parameters) {
    if (parameter.name == "path" && !conditions.paths_with_query.empty()) {
      out.rest.push_back(parameter);
    }
  }
  out.direction = conditions.direction();
  out.match = std::move(conditions.match);
  CaptureExcluded(out.rest, &out.capture_request_headers);
  return out;
}

}  // namespace traffictap::cli
