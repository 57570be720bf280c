// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "tap/output_file.h"

namespace traffictap::web {

// The files that taps' File outputs have written. Thread-safe.
class FileStore {
 public:
  struct Output {
    std::string name;
    std::string path;  // of its current file
  };

  virtual ~FileStore() = default;
  // Whose files they are: the name of this collector among others, "" where it has none.
  virtual std::string collector() const = 0;
  // The File outputs of a tap in force ("namespace/name"); does not wait for the disk, and is
  // called on threads of the authorizer and the server alone. kNotFound: there is no such tap.
  virtual StatusOr<std::vector<Output>> OutputsOf(const std::string& tap) const = 0;
  // Both wait for the disk, perhaps for ever.
  virtual StatusOr<std::vector<tap::OutputFile>> List(const Output& output) const = 0;
  virtual StatusOr<std::unique_ptr<tap::OutputFileReader>> Open(
      const Output& output, const tap::OutputRange& range) const = 0;
};

}  // namespace traffictap::web
