// SPDX-License-Identifier: Apache-2.0

// "traffictap-1 CHECKPOINT", and where owners have come without a checkpoint of their own
// "traffictap-1 CHECKPOINT|- TAKEOVERS IN_HAND|- SKIPPED…".
#include "shuffle/commit_note.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "fmt/format.h"

namespace traffictap::shuffle {
namespace {

constexpr std::string_view kFormat = "traffictap-1";
constexpr std::string_view kNoOffset = "-";
constexpr size_t kShown = 64;  // bytes of what is refused

std::string Text(int64_t offset) {
  return offset == CrashGuard::kNone ? std::string(kNoOffset) : fmt::format("{}", offset);
}

bool Read(std::string_view word, int64_t* out) {
  const char* end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, *out);
  return read.ec == std::errc() && read.ptr == end && *out >= 0;
}

// At each blank; two in a row make an empty word.
std::vector<std::string_view> WordsOf(std::string_view text) {
  std::vector<std::string_view> out;
  for (size_t at = 0; at != std::string_view::npos;) {
    const size_t end = text.find(' ', at);
    out.push_back(text.substr(at, end - at));
    at = end == std::string_view::npos ? end : end + 1;
  }
  return out;
}

bool ReadOffset(std::string_view word, int64_t* out) {
  if (word != kNoOffset) return Read(word, out);
  *out = CrashGuard::kNone;
  return true;
}

bool ReadGuard(const std::vector<std::string_view>& words, CrashGuard* out) {
  int64_t takeovers = 0;
  if (words.size() < 4 || !Read(words[2], &takeovers) || takeovers > UINT32_MAX) return false;
  if (!ReadOffset(words[3], &out->in_hand)) return false;
  out->takeovers = static_cast<uint32_t>(takeovers);
  for (size_t i = 4; i < words.size(); ++i) {
    if (!Read(words[i], &out->skipped.emplace_back())) return false;
  }
  return std::ranges::is_sorted(out->skipped);
}

}  // namespace

CrashGuard CrashGuard::Next() const {
  CrashGuard out = *this;
  ++out.takeovers;
  if (in_hand == kNone) return out;
  out.takeovers = 1;
  out.in_hand = kNone;
  out.skipped.push_back(in_hand);
  std::ranges::sort(out.skipped);
  if (out.skipped.size() > kSkippedMax) out.skipped.erase(out.skipped.begin());
  return out;
}

std::string Encode(const CommitNote& note) {
  std::string out = fmt::format("{} {}", kFormat, Text(note.checkpoint));
  if (note.guard == CrashGuard()) return out;
  out += fmt::format(" {} {}", note.guard.takeovers, Text(note.guard.in_hand));
  for (const int64_t offset : note.guard.skipped) out += fmt::format(" {}", offset);
  return out;
}

StatusOr<CommitNote> DecodeCommitNote(std::string_view metadata) {
  const auto words = WordsOf(metadata);
  CommitNote out;
  const bool ours = words.size() >= 2 && words[0] == kFormat &&
                    ReadOffset(words[1], &out.checkpoint) &&
                    (words.size() == 2 || ReadGuard(words, &out.guard));
  if (ours) return out;
  return absl::DataLossError(
      fmt::format("the commit says \"{}\", which no pairer writes", metadata.substr(0, kShown)));
}

}  // namespace traffictap::shuffle
