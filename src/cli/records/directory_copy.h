// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "cli/records/copy_target.h"

namespace traffictap::cli {

// Files below a directory, as DIRECTORY/OUTPUT/FILE, those of several collectors as
// DIRECTORY/OUTPUT/COLLECTOR/FILE, readable by their owner alone. What is there
// already is known by its head and its last bytes, so that a later copy brings what is new. Follows
// files that were rotated and compressed since; what the collector has no more stays.
class DirectoryCopy final : public CopyTarget {
 public:
  explicit DirectoryCopy(std::string directory) : directory_(std::move(directory)) {}

  Status Copy(const FileSource& source, const RemoteOutput& output) override;
  uint64_t bytes() const override { return bytes_; }

 private:
  Status CopyFile(const FileSource& source, const RemoteOutput& output, const tap::OutputFile& file,
                  const std::filesystem::path& folder);

  const std::filesystem::path directory_;
  uint64_t bytes_ = 0;
};

}  // namespace traffictap::cli
