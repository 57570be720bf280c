// SPDX-License-Identifier: Apache-2.0
#include "collector/record_files.h"

#include "fmt/format.h"
#include "sinks/file/output_files.h"

namespace traffictap::collector {

StatusOr<std::vector<web::FileStore::Output>> RecordFiles::OutputsOf(const std::string& tap) const {
  for (const auto& found : taps_()) {
    if (found->key() != tap) continue;
    std::vector<Output> out;
    for (const auto& output : found->outputs) {
      if (output.type != tap::OutputType::kFile) continue;
      out.push_back({output.name, output.file.path});
    }
    return out;
  }
  return absl::NotFoundError(fmt::format("no tap \"{}\" is active here", tap));
}

StatusOr<std::vector<tap::OutputFile>> RecordFiles::List(const Output& output) const {
  return sinks::ListOutputFiles(output_dir_, output.path);
}

StatusOr<std::unique_ptr<tap::OutputFileReader>> RecordFiles::Open(
    const Output& output, const tap::OutputRange& range) const {
  return sinks::OpenOutputFile(output_dir_, output.path, range);
}

}  // namespace traffictap::collector
