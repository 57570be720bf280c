// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "tap/output_file.h"

// The files that a File output has written, for who copies them. `root` is the collector's output
// directory, `path` that of the output below it (tap::FileOutput). All calls wait for the disk; none
// leaves the directory, and none opens a file but the current one and those that were rotated.
namespace traffictap::sinks {

// Oldest first, the current one last; none where nothing was written yet. A file that is being
// compressed is there in one form. kUnavailable, kPermissionDenied: the directory cannot be read.
StatusOr<std::vector<tap::OutputFile>> ListOutputFiles(const std::string& root,
                                                       const std::string& path);

// kNotFound: not a file of this output, or no longer; kFailedPrecondition: what is before the offset
// is not what the check is of; kInvalidArgument: an offset without check.
StatusOr<std::unique_ptr<tap::OutputFileReader>> OpenOutputFile(const std::string& root,
                                                                const std::string& path,
                                                                const tap::OutputRange& range);

}  // namespace traffictap::sinks
