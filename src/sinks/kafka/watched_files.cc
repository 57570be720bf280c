// SPDX-License-Identifier: Apache-2.0
#include "sinks/kafka/watched_files.h"

#include <fstream>
#include <utility>

namespace traffictap::sinks {

WatchedFiles::WatchedFiles(const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    if (!path.empty()) files_.push_back({path, ""});
  }
}

bool WatchedFiles::Changed() {
  bool changed = false;
  for (File& file : files_) {
    std::ifstream in(file.path);
    std::string contents((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (contents.empty() || contents == file.contents) continue;
    file.contents = std::move(contents);
    changed = true;
  }
  return std::exchange(read_, true) && changed;
}

}  // namespace traffictap::sinks
