// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/watched_files.h"

#include <utility>

#include "base/text_file.h"

namespace traffictap::kafkaclient {
namespace {

constexpr size_t kFileBytesMax = size_t{4} << 20;

}  // namespace

WatchedFiles::WatchedFiles(const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    if (!path.empty()) files_.push_back({path, ""});
  }
}

bool WatchedFiles::Changed() {
  bool changed = false;
  for (File& file : files_) {
    auto contents = base::ReadTextFile(file.path, kFileBytesMax).value_or("");
    if (contents.empty() || contents == file.contents) continue;
    file.contents = std::move(contents);
    changed = true;
  }
  return std::exchange(read_, true) && changed;
}

}  // namespace traffictap::kafkaclient
