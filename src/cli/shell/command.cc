// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/command.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tap/values.h"

namespace traffictap::cli {

Option TextOption(std::string name, char letter, std::string value, std::string help,
                  std::string* out) {
  const auto take = [out](const std::string& text) {
    *out = text;
    return text.empty() ? absl::InvalidArgumentError("must not be empty") : absl::OkStatus();
  };
  return {std::move(name), letter, std::move(value), std::move(help), take};
}

Option FlagOption(std::string name, char letter, std::string help, bool* out) {
  const auto take = [out](const std::string&) {
    *out = true;
    return absl::OkStatus();
  };
  return {std::move(name), letter, "", std::move(help), take};
}

Option DurationOption(std::string name, std::string help, base::Nanos* out) {
  const auto take = [out](const std::string& text) {
    const auto duration = tap::ParseDuration(text);
    if (duration.ok()) *out = *duration;
    return duration.status();
  };
  return {std::move(name), 0, "DURATION", std::move(help), take};
}

Option BoundedDurationOption(std::string name, std::string help, base::Nanos low, base::Nanos high,
                             base::Nanos* out) {
  Option option = DurationOption(std::move(name), std::move(help), out);
  option.take = [out, read = option.take, low, high](const std::string& text) -> Status {
    TT_RETURN_IF_ERROR(read(text));
    if (*out >= low && *out <= high) return absl::OkStatus();
    const std::string least = tap::FormatDuration(low);
    return absl::InvalidArgumentError(
        high == INT64_MAX ? fmt::format("must be at least {}", least)
                          : fmt::format("must be from {} to {}", least, tap::FormatDuration(high)));
  };
  return option;
}

Option CountOption(std::string name, std::string help, uint64_t* out) {
  const auto take = [out](const std::string& text) -> Status {
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, *out);
    if (read.ec == std::errc() && read.ptr == end && *out > 0) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format("\"{}\" must be a whole number from 1", text));
  };
  return {std::move(name), 0, "COUNT", std::move(help), take};
}

Option ChoiceOption(std::string name, char letter, std::vector<std::string> choices,
                    std::string help, std::string* out) {
  const auto take = [out, choices](const std::string& text) -> Status {
    *out = text;
    if (std::find(choices.begin(), choices.end(), text) != choices.end()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is none of {}", text, fmt::join(choices, ", ")));
  };
  Option option{std::move(name), letter, fmt::format("{}", fmt::join(choices, "|")),
                std::move(help), take};
  option.completes = Completes::kChoices;
  option.choices = std::move(choices);
  return option;
}

}  // namespace traffictap::cli
