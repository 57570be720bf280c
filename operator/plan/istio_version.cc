// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/istio_version.h"

#include <array>
#include <charconv>
#include <utility>

namespace traffictap::plan {
namespace {

// How many of the first three numbers there are, and they.
std::pair<size_t, std::array<int, 3>> NumbersOf(const std::string& version) {
  std::array<int, 3> numbers{};
  const char* at = version.data();
  const char* const end = at + version.size();
  for (size_t i = 0; i < numbers.size(); ++i) {
    const auto [next, error] = std::from_chars(at, end, numbers[i]);
    if (error != std::errc()) return {i, numbers};
    if (next == end || *next != '.') return {i + 1, numbers};
    at = next + 1;
  }
  return {numbers.size(), numbers};
}

}  // namespace

bool IsAtLeast(const std::string& version, int major, int minor) {
  const auto [count, numbers] = NumbersOf(version);
  return count < 2 || std::pair(numbers[0], numbers[1]) >= std::pair(major, minor);
}

bool IsOlder(const std::string& version, const std::string& other) {
  const auto [count, numbers] = NumbersOf(version);
  const auto [other_count, other_numbers] = NumbersOf(other);
  if (count == 0 || other_count == 0) return count > other_count;
  return numbers < other_numbers;
}

}  // namespace traffictap::plan
