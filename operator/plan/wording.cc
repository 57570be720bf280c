// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/wording.h"

#include "fmt/format.h"
#include "fmt/ranges.h"

namespace traffictap::plan {

std::string Listed(const std::vector<std::string>& names) {
  constexpr size_t kShown = 3;
  if (names.size() <= 1) return names.empty() ? "nothing" : names.front();
  const size_t head = names.size() > kShown ? kShown : names.size() - 1;
  const auto begin = names.begin();
  const std::string first =
      fmt::format("{}", fmt::join(begin, begin + static_cast<std::ptrdiff_t>(head), ", "));
  if (names.size() > kShown) return fmt::format("{} and {} more", first, names.size() - kShown);
  return fmt::format("{} and {}", first, names.back());
}

std::string Counted(size_t count, const char* noun) {
  std::string word = noun;
  if (count != 1 && word.ends_with('y')) {
    word.replace(word.size() - 1, 1, "ies");
  } else if (count != 1) {
    word += word.ends_with("ch") ? "es" : "s";
  }
  return fmt::format("{} {}", count, word);
}

std::string LabelsText(const tap::Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    out += fmt::format("{}{}={}", out.empty() ? "" : ",", name, value);
  }
  return out;
}

}  // namespace traffictap::plan
