// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/status.h"
#include "cli/records/file_source.h"

namespace traffictap::cli {

// Where files are copied to. Goes on where it ended, also after an error. Used by one thread.
class CopyTarget {
 public:
  virtual ~CopyTarget() = default;
  // Copies what the output's files hold and the target lacks. kAborted: a file is not what was
  // copied of it; to be tried again with a new list, which says where that one is now.
  virtual Status Copy(const FileSource& source, const RemoteOutput& output) = 0;
  // How much was copied.
  virtual uint64_t bytes() const = 0;
};

}  // namespace traffictap::cli
