// SPDX-License-Identifier: Apache-2.0
#include "traffic/response_flags.h"

#include <array>

#include "fmt/format.h"

namespace traffictap::traffic {
namespace {

// By field number; source: Envoy's documentation of %RESPONSE_FLAGS%.
constexpr std::array<std::string_view, 29> kShortNames = {
    "",      "LH",   "UH",   "UT",   "LR",   "UR", "UF",  "UC", "UO", "NR",
    "DI",    "FI",   "RL",   "UAEX", "RLSE", "DC", "URX", "SI", "IH", "DPE",
    "UMSDR", "RFCF", "NFCF", "DT",   "UPE",  "NC", "OM",  "DF", "DR"};

}  // namespace

std::string ShortName(ResponseFlag flag) {
  const auto number = static_cast<size_t>(flag);
  return number < kShortNames.size() ? std::string(kShortNames[number])
                                     : fmt::format("FLAG{}", number);
}

std::optional<ResponseFlag> ParseResponseFlag(std::string_view name) {
  for (size_t number = 1; number < kShortNames.size(); ++number) {
    if (kShortNames[number] == name) return static_cast<ResponseFlag>(number);
  }
  return std::nullopt;
}

}  // namespace traffictap::traffic
