// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/status.h"

// The files of a File output as they are copied. What serves them and what copies them agree by these
// values on what is the same file: one that was put aside or compressed keeps its head, and what was
// copied of a file ends in the bytes that its check is of.
namespace traffictap::tap {

struct OutputFile {
  std::string name;          // without directories
  uint64_t size = 0;         // to be copied; of a plain file its whole lines
  base::Nanos modified = 0;  // Unix epoch
  bool current = false;      // the output writes to it; the others change no more
  bool compressed = false;
  uint32_t head = 0;  // HeadOf the file, decompressed

  friend bool operator==(const OutputFile&, const OutputFile&) = default;
};

// What is wanted of a file.
struct OutputRange {
  std::string file;
  uint64_t offset = 0;                 // where to begin
  std::optional<uint32_t> check = {};  // CheckOf what is before it
  bool plain = false;  // of a compressed file what is in it: offset and check count that
};

// A part of a file, piece by piece. Used by one thread.
class OutputFileReader {
 public:
  virtual ~OutputFileReader() = default;
  // Appends the next piece, of lines whole lines; returns its size, 0 at the end. Nothing is read that
  // was written after it was opened.
  virtual StatusOr<uint64_t> Read(std::string* out) = 0;
};

inline constexpr size_t kHeadBytesMax = 64 * 1024;
inline constexpr size_t kCheckBytes = 4096;

// Of the first line, or of so much of it as fits; `begin` has that much of the file where the file has
// so much. Records have ids, so that files that began with different ones differ. 0: no whole line yet.
inline uint32_t HeadOf(std::string_view begin) {
  begin = begin.substr(0, kHeadBytesMax);
  const size_t end = begin.find('\n');
  if (end == std::string_view::npos && begin.size() < kHeadBytesMax) return 0;
  return base::Crc32c(begin.substr(0, end));
}

// Of the last bytes of `before`, which are at least kCheckBytes where there are so many before the
// offset.
inline uint32_t CheckOf(std::string_view before) {
  return base::Crc32c(before.substr(before.size() - std::min(before.size(), kCheckBytes)));
}

}  // namespace traffictap::tap
