// SPDX-License-Identifier: Apache-2.0
#include "shuffle/block_keys.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "base/text_file.h"
#include "fmt/format.h"

namespace traffictap::shuffle {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCurrent = "current";
constexpr size_t kKeyBytes = 32;   // of AES-256
constexpr size_t kTextBytes = 44;  // the same in base64
constexpr size_t kFileBytesMax = 4096;
constexpr size_t kIdBytesMax = 64;
constexpr size_t kKeysMax = 64;

Status Fault(const fs::path& file, const std::string& what) {
  return absl::InvalidArgumentError(fmt::format("read {}: {}", file.string(), what));
}

StatusOr<std::vector<std::string>> NamesIn(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    if (!name.starts_with('.') && name != kCurrent) out.push_back(std::move(name));
  }
  if (error) return Fault(folder, error.message());
  std::sort(out.begin(), out.end());
  return out;
}

Status ReadKey(const fs::path& file, std::string* out) {
  const auto text = base::ReadTextFile(file.string(), kFileBytesMax);
  if (!text.ok()) return absl::InvalidArgumentError(text.status().message());
  const bool decoded = text->size() == kTextBytes && absl::Base64Unescape(*text, out);
  if (decoded && out->size() == kKeyBytes) return absl::OkStatus();
  return Fault(file,
               fmt::format("a key is {} bytes in base64, {} characters, and this has {}: make "
                           "one with `openssl rand -base64 {}`",
                           kKeyBytes, kTextBytes, text->size(), kKeyBytes));
}

}  // namespace

bool IsBlockKeyId(std::string_view id) {
  return !id.empty() && id.size() <= kIdBytesMax && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

StatusOr<BlockKeys> ReadBlockKeys(const std::string& folder) {
  const auto names = NamesIn(folder);
  if (!names.ok()) return names.status();
  if (names->size() > kKeysMax) {
    return Fault(folder,
                 fmt::format("it has {} keys, {} at most: remove those that no block in the "
                             "topic has any more",
                             names->size(), kKeysMax));
  }
  BlockKeys out;
  for (const auto& name : *names) {
    const fs::path file = fs::path(folder) / name;
    if (!IsBlockKeyId(name)) {
      return Fault(file, fmt::format("the name of a key is up to {} letters, digits, '-', '_' and "
                                     "'.': rename it",
                                     kIdBytesMax));
    }
    std::string key;
    TT_RETURN_IF_ERROR(ReadKey(file, &key));
    for (const auto& [other, bytes] : out.keys) {
      if (bytes != key) continue;
      return Fault(file,
                   fmt::format("it is the same key as {}: make another one with `openssl rand "
                               "-base64 {}`, or remove it",
                               other, kKeyBytes));
    }
    out.keys.emplace(name, std::move(key));
  }
  const fs::path current = fs::path(folder) / kCurrent;
  auto id = base::ReadTextFile(current.string(), kFileBytesMax);
  if (!id.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: it must have the name of the key that encrypts", Message(id.status())));
  }
  out.current = *std::move(id);
  if (!out.keys.contains(out.current)) {
    return Fault(current,
                 fmt::format("there is no key \"{}\" next to it: add that file, or name one "
                             "that is there",
                             IsBlockKeyId(out.current) ? out.current : "(no name)"));
  }
  return out;
}

}  // namespace traffictap::shuffle
