// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "cli/records/copy_target.h"
#include "cli/shell/console.h"

namespace traffictap::cli {

// Standard output: the lines of all files in their order, compressed ones decompressed. A file is
// known again by its head when it was rotated meanwhile. Lines are written as a whole: where a file
// breaks off within one, those of another collector come next.
class StreamCopy final : public CopyTarget {
 public:
  // The console outlives the target.
  explicit StreamCopy(Console* console) : console_(console) {}

  Status Copy(const FileSource& source, const RemoteOutput& output) override;
  uint64_t bytes() const override { return bytes_; }

 private:
  struct Progress {
    Copied copied;
    std::string begun;  // a line, as far as it came; counted in `copied`
    bool whole = false;
  };
  Status Take(std::string_view bytes, Progress* progress);

  Console* const console_;
  // By output, collector and head. Two collectors may have written the same record first.
  std::map<std::tuple<std::string, std::string, uint32_t>, Progress> progress_;
  uint64_t bytes_ = 0;
};

}  // namespace traffictap::cli
