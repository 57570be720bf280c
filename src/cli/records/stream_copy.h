// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "cli/records/copy_target.h"
#include "cli/shell/console.h"

namespace traffictap::cli {

// Standard output: the lines of all files in their order, compressed ones decompressed. A file is
// known again by its head when it was rotated meanwhile.
class StreamCopy final : public CopyTarget {
 public:
  // The console outlives the target.
  explicit StreamCopy(Console* console) : console_(console) {}

  Status Copy(const FileSource& source, const RemoteOutput& output) override;
  uint64_t bytes() const override { return bytes_; }

 private:
  struct Progress {
    Copied copied;
    bool whole = false;
  };

  Console* const console_;
  std::map<std::pair<std::string, uint32_t>, Progress> progress_;  // by output and head
  uint64_t bytes_ = 0;
};

}  // namespace traffictap::cli
