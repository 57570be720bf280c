// SPDX-License-Identifier: Apache-2.0

// What records are full of, "2026-01-31T12:00:00.123456789Z", is read digit by digit; whatever looks
// otherwise is left to Abseil, which takes ten times as long.
#include "base/rfc3339.h"

#include <chrono>
#include <string_view>

#include "absl/time/time.h"

namespace traffictap::base {
namespace {

constexpr int64_t kSecondsMax = 9'000'000'000;
constexpr std::string_view kForm = "0000-00-00T00:00:00";
constexpr size_t kFractionDigitsMax = 9;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Digits where `kForm` has zeros, and its own characters elsewhere.
bool HasForm(std::string_view text) {
  if (text.size() <= kForm.size() || text.back() != 'Z') return false;
  for (size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == '0' ? !IsDigit(text[i]) : text[i] != kForm[i]) return false;
  }
  return true;
}

unsigned Number(std::string_view digits) {
  unsigned out = 0;
  for (const char c : digits) out = out * 10 + static_cast<unsigned>(c - '0');
  return out;
}

// Of ".5", or of nothing. Empty: it is neither.
std::optional<Nanos> Fraction(std::string_view text) {
  if (text.empty()) return 0;
  if (text.size() < 2 || text.size() > 1 + kFractionDigitsMax || text[0] != '.') return {};
  Nanos out = 0;
  Nanos unit = kSecond;
  for (const char c : text.substr(1)) {
    if (!IsDigit(c)) return {};
    out += (c - '0') * (unit /= 10);
  }
  return out;
}

// Empty: it is written otherwise, or no time that Nanos counts; a leap second is one of these.
std::optional<Nanos> ParseUsual(std::string_view text) {
  if (!HasForm(text)) return {};
  const auto part = [&](size_t at, size_t size) { return Number(text.substr(at, size)); };
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(part(0, 4))),
                                         std::chrono::month(part(5, 2)),
                                         std::chrono::day(part(8, 2)));
  const unsigned hour = part(11, 2);
  const unsigned minute = part(14, 2);
  const unsigned second = part(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return {};
  const auto fraction = Fraction(text.substr(kForm.size(), text.size() - kForm.size() - 1));
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds = days * 86'400 + hour * 3600 + minute * 60 + second;
  if (!fraction || seconds < 0 || seconds >= kSecondsMax) return {};
  return seconds * kSecond + *fraction;
}

}  // namespace

std::optional<Nanos> ParseRfc3339(const std::string& text) {
  if (const auto usual = ParseUsual(text)) return usual;
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return std::nullopt;
  if (time < absl::UnixEpoch() || time > absl::FromUnixSeconds(kSecondsMax)) return std::nullopt;
  return absl::ToUnixNanos(time);
}

std::string FormatRfc3339(Nanos since_epoch) {
  return std::string(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixNanos(since_epoch),
                                      absl::UTCTimeZone()));
}

}  // namespace traffictap::base
