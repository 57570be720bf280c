// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sinks/spool/spool_disk.h"

namespace traffictap::fakes {

// A directory in memory, which outlives the disks that a test makes on it: what a process and a
// machine leave behind when they crash.
struct MemoryDirectory {
  std::map<std::string, std::string> files;   // as the kernel shows them
  std::map<std::string, std::string> synced;  // as they are after a crash of the machine
  size_t bytes_max = SIZE_MAX;                // of all files
  int fail_syncs = 0;                         // so many times; the kernel then forgets what it had
  int calls_left = -1;                        // then every call fails; -1: none does
  bool held = false;
  int against_ledger = 0;  // files that were written unnamed by the ledger, or removed while named

  // The process is gone: what the kernel has stays.
  void Kill() {
    held = false;
    calls_left = -1;
  }
  // The machine is: what was synced stays.
  void PowerOff() {
    Kill();
    files = synced;
  }
  size_t bytes() const {
    size_t out = 0;
    for (const auto& [name, file] : files) out += file.size();
    return out;
  }
};

class MemoryDisk final : public sinks::SpoolDisk {
 public:
  explicit MemoryDisk(MemoryDirectory* directory) : directory_(directory) {}

  Status Open() override {
    if (directory_->held) return absl::UnavailableError("in use");
    directory_->held = true;
    return absl::OkStatus();
  }
  StatusOr<std::vector<std::string>> Names() override {
    std::vector<std::string> out;
    for (const auto& [name, file] : directory_->files) out.push_back(name);
    return out;
  }
  StatusOr<uint64_t> Size(const std::string& name) override {
    return directory_->files[name].size();
  }
  StatusOr<std::string> Read(const std::string& name, uint64_t offset, size_t size) override {
    const std::string& file = directory_->files[name];
    return offset >= file.size() ? std::string() : file.substr(offset, size);
  }
  Status Write(const std::string& name, uint64_t offset, std::string_view bytes) override {
    TT_RETURN_IF_ERROR(Call());
    if (!InLedger(name)) ++directory_->against_ledger;
    std::string& file = directory_->files[name];
    const size_t room =
        directory_->bytes_max - std::min(directory_->bytes_max, directory_->bytes());
    const size_t more =
        offset + bytes.size() > file.size() ? offset + bytes.size() - file.size() : 0;
    const size_t taken = more > room ? bytes.size() - (more - room) : bytes.size();
    if (file.size() < offset + taken) file.resize(offset + taken);
    file.replace(offset, taken, bytes.substr(0, taken));
    return taken == bytes.size() ? absl::OkStatus() : absl::ResourceExhaustedError("no space left");
  }
  Status Sync(const std::string& name) override {
    TT_RETURN_IF_ERROR(Call());
    if (directory_->fail_syncs > 0) {
      --directory_->fail_syncs;
      return absl::UnavailableError("input/output error");
    }
    directory_->synced[name] = directory_->files[name];
    return absl::OkStatus();
  }
  Status Replace(const std::string& name, std::string_view bytes) override {
    TT_RETURN_IF_ERROR(Call());
    directory_->files[name] = directory_->synced[name] = std::string(bytes);
    return absl::OkStatus();
  }
  Status Remove(const std::string& name) override {
    TT_RETURN_IF_ERROR(Call());
    if (InLedger(name)) ++directory_->against_ledger;
    directory_->files.erase(name);
    directory_->synced.erase(name);
    return absl::OkStatus();
  }
  void Close(bool remove) override {
    directory_->held = false;
    if (remove) directory_->files.clear();
  }

 private:
  Status Call() {
    if (directory_->calls_left == 0) return absl::UnavailableError("crashed");
    if (directory_->calls_left > 0) --directory_->calls_left;
    return absl::OkStatus();
  }
  bool InLedger(const std::string& name) const {
    const std::string line = "segment " + name.substr(0, name.find('.')) + " ";
    return directory_->files["ledger"].find(line) != std::string::npos;
  }

  MemoryDirectory* const directory_;
};

}  // namespace traffictap::fakes
