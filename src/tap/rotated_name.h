// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

// How a File output names the files that it puts aside: NAME-YYYYMMDDTHHMMSS.fffffffff.EXT (UTC,
// nanoseconds), with ".gz" or ".zst" behind if compressed, and ".part" behind that until it is whole.
// All names here are without directories, unless a path is asked for.
namespace traffictap::tap {

enum class RotatedForm : uint8_t {
  kNone,  // not a rotated file of this output
  kPlain,
  kCompressed,
  kPart,
};

std::string RotatedName(const std::string& current, base::Nanos wall);

// What `file` is to the output that writes `current`.
RotatedForm RotatedFormOf(std::string_view file, const std::string& current);

// Equal for paths whose outputs could take each other's rotated files for their own, or each other's
// current file for a rotated one: "all" and "all.gz"; "all.jsonl" and a path that looks like a rotated
// file of it.
std::string FileFamily(const std::string& path);

}  // namespace traffictap::tap
