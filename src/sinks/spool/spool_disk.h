// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace traffictap::sinks {

// One directory of files, as a spool uses it. Every failure is one that time may heal:
// kResourceExhausted (the disk is full) or kUnavailable. Not thread-safe.
class SpoolDisk {
 public:
  virtual ~SpoolDisk() = default;
  // Makes the directory and takes hold of it; again and again until it is OK. kUnavailable also
  // where somebody else holds it.
  virtual Status Open() = 0;
  virtual StatusOr<std::vector<std::string>> Names() = 0;
  virtual StatusOr<uint64_t> Size(const std::string& name) = 0;
  // At most `size` bytes from `offset` on; fewer at the end of the file.
  virtual StatusOr<std::string> Read(const std::string& name, uint64_t offset, size_t size) = 0;
  // Puts `bytes` at `offset`; the file is made where it is missing. On a failure the file may have
  // some of them.
  virtual Status Write(const std::string& name, uint64_t offset, std::string_view bytes) = 0;
  // Brings what was written to the disk, and the file's name.
  virtual Status Sync(const std::string& name) = 0;
  // Afterwards the file has these bytes or, also after a crash, those that it had.
  virtual Status Replace(const std::string& name, std::string_view bytes) = 0;
  virtual Status Remove(const std::string& name) = 0;
  // Lets go of the directory; `remove`: of what it is, too, and of the empty ones above it.
  virtual void Close(bool remove) = 0;
};

// The directory `path` ("namespace/tap/output") below `root`, which must be there. Directories are
// 0700, files 0600; links are not followed. Held by a lock on the file "lock" (flock(2)).
std::unique_ptr<SpoolDisk> MakeSpoolDisk(std::string root, std::string path);

}  // namespace traffictap::sinks
