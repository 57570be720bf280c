// SPDX-License-Identifier: Apache-2.0
#include "cli/records/stream_copy.h"

#include <limits>

namespace traffictap::cli {

Status StreamCopy::Copy(const FileSource& source, const RemoteOutput& output) {
  const auto take = [this](std::string_view bytes) {
    bytes_ += bytes.size();
    return console_->Write(bytes);
  };
  for (const auto& file : output.files) {
    if (file.head == 0) continue;  // no whole line yet, or nothing that can be read
    Progress& progress = progress_[{output.name, file.head}];
    if (progress.whole) continue;
    // How much is in a compressed one nobody knows before it is read.
    const uint64_t size = file.compressed ? std::numeric_limits<uint64_t>::max() : file.size;
    TT_RETURN_IF_ERROR(
        source.Read(output.name, file.name, file.compressed, size, &progress.copied, take));
    progress.whole = !file.current;
  }
  return absl::OkStatus();
}

}  // namespace traffictap::cli
