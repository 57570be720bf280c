// SPDX-License-Identifier: Apache-2.0
#include "cli/records/stream_copy.h"

#include <limits>

namespace traffictap::cli {
namespace {

// No record is as long: this is none, and not held.
constexpr size_t kLineBytesMax = 4 << 20;

}  // namespace

Status StreamCopy::Copy(const FileSource& source, const RemoteOutput& output) {
  for (const auto& file : output.files) {
    if (file.head == 0) continue;  // no whole line yet, or nothing that can be read
    Progress& progress = progress_[{output.name, output.collector, file.head}];
    if (progress.whole) continue;
    // How much is in a compressed one nobody knows before it is read.
    const uint64_t size = file.compressed ? std::numeric_limits<uint64_t>::max() : file.size;
    const auto take = [&](std::string_view bytes) { return Take(bytes, &progress); };
    TT_RETURN_IF_ERROR(
        source.Read(output, file.name, file.compressed, size, &progress.copied, take));
    if (file.current) continue;
    progress.whole = true;
    // One that a kill has torn.
    if (!progress.begun.empty()) TT_RETURN_IF_ERROR(Take("\n", &progress));
  }
  return absl::OkStatus();
}

Status StreamCopy::Take(std::string_view bytes, Progress* progress) {
  bytes_ += bytes.size();
  std::string& begun = progress->begun;
  begun.append(bytes);
  const size_t newline = begun.rfind('\n');
  const size_t end = newline != std::string::npos   ? newline + 1
                     : begun.size() < kLineBytesMax ? 0
                                                    : begun.size();
  if (end == 0) return absl::OkStatus();
  const Status written = console_->Write(std::string_view(begun).substr(0, end));
  begun.erase(0, end);
  return written;
}

}  // namespace traffictap::cli
