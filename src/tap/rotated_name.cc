// SPDX-License-Identifier: Apache-2.0
#include "tap/rotated_name.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>

#include "fmt/format.h"

namespace traffictap::tap {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTimePattern = "########T######.#########";  // #: a digit
constexpr std::array<std::string_view, 2> kCompressed = {".gz", ".zst"};
constexpr std::string_view kPart = ".part";

bool StartsWithTime(std::string_view text) {
  if (text.size() < kTimePattern.size()) return false;
  for (size_t i = 0; i < kTimePattern.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kTimePattern[i] == '#' ? !digit : text[i] != kTimePattern[i]) return false;
  }
  return true;
}

// True where `suffix` was there, and is gone now.
bool Strip(std::string_view suffix, std::string_view* text) {
  if (!text->ends_with(suffix)) return false;
  text->remove_suffix(suffix.size());
  return true;
}

bool StripCompressed(std::string_view* text) {
  return std::any_of(kCompressed.begin(), kCompressed.end(),
                     [text](std::string_view suffix) { return Strip(suffix, text); });
}

// The name that `name` looks like a rotated file of, or empty.
std::string CurrentOf(const std::string& name) {
  for (size_t dash = name.find('-', 1); dash != std::string::npos;
       dash = name.find('-', dash + 1)) {
    const std::string_view after = std::string_view(name).substr(dash + 1);
    if (!StartsWithTime(after)) continue;
    std::string_view extension = after.substr(kTimePattern.size());
    const std::string stem = name.substr(0, dash);
    for (bool more = true; more; more = Strip(kPart, &extension) || StripCompressed(&extension)) {
      std::string current = stem + std::string(extension);
      if (RotatedFormOf(name, current) != RotatedForm::kNone) return current;
    }
  }
  return "";
}

}  // namespace

std::string RotatedName(const std::string& current, base::Nanos wall) {
  const std::time_t seconds = wall / base::kSecond;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{}-{:04}{:02}{:02}T{:02}{:02}{:02}.{:09}{}",
                     fs::path(current).stem().string(), utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, wall % base::kSecond,
                     fs::path(current).extension().string());
}

RotatedForm RotatedFormOf(std::string_view file, const std::string& current) {
  const std::string stem = fs::path(current).stem().string() + "-";
  if (!file.starts_with(stem) || !StartsWithTime(file.substr(stem.size()))) {
    return RotatedForm::kNone;
  }
  std::string_view rest = file.substr(stem.size() + kTimePattern.size());
  const std::string extension = fs::path(current).extension().string();
  if (rest == extension) return RotatedForm::kPlain;
  const bool part = Strip(kPart, &rest);
  if (!StripCompressed(&rest) || rest != extension) return RotatedForm::kNone;
  return part ? RotatedForm::kPart : RotatedForm::kCompressed;
}

std::string FileFamily(const std::string& path) {
  const fs::path whole(path);
  std::string name = whole.filename().string();
  for (std::string current = CurrentOf(name); !current.empty(); current = CurrentOf(name)) {
    name = current;
  }
  std::string_view stem(name);
  if (StripCompressed(&stem) && !stem.empty() && !fs::path(stem).has_extension()) name = stem;
  return (whole.parent_path() / name).string();
}

}  // namespace traffictap::tap
