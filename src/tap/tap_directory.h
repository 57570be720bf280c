// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "tap/parse_tap.h"

namespace traffictap::tap {

// The taps of the *.yaml, *.yml and *.json files of a directory (not below it). A file that turns bad
// (or cannot be read) keeps its last good version in force; a deleted file takes its taps away; a
// directory that cannot be read keeps all in force. Two files that define one tap: the file whose
// name sorts first wins, the other one has a fault "Conflict". Thread-safe.
class TapDirectory {
 public:
  struct Snapshot {
    std::vector<TapSpecPtr> taps;  // sorted by key
    std::vector<ParseError> errors;
  };
  using OnChange = std::function<void(const Snapshot&)>;

  // kNotFound unless `path` is a directory.
  static StatusOr<std::unique_ptr<TapDirectory>> Open(const std::string& path);
  ~TapDirectory();

  // Reads all files that changed and returns what is in force now.
  Snapshot Load();
  // Calls on_change (on a thread of its own) after each change in the directory; also for a change
  // by rename or symlink swap, as ConfigMap volumes do. Until the destructor, which waits for a
  // running call.
  void Watch(OnChange on_change);

 private:
  explicit TapDirectory(std::string path);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace traffictap::tap
