// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace traffictap::kafkaclient {

// Some small files, to see when one was replaced, as the kubelet does with the keys of a Secret.
class WatchedFiles {
 public:
  // Empty paths name no file.
  explicit WatchedFiles(const std::vector<std::string>& paths);

  // Whether the contents of any differ from those of the last call; the first call says no. What
  // cannot be read now counts as it was.
  bool Changed();

 private:
  struct File {
    std::string path;
    std::string contents;
  };
  std::vector<File> files_;
  bool read_ = false;
};

}  // namespace traffictap::kafkaclient
