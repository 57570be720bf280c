#pragma once

#include <string>

#include "sinks/record_writer.h"
#include "tap/tap_spec.h"

namespace traffictap::sinks {

// Appends JSON lines to a file below `directory`, in whole lines: what is in the file always ends
// with '\n'. A line torn by a crash is cut off when the file is opened again. Rotates by size and
// age to NAME-YYYYMMDDTHHMMSS.mmm.EXT, compressed if asked, and keeps `files_max` files with the
// current one.
class FileWriter final : public RecordWriter {
 public:
  FileWriter(tap::FileOutput spec, std::string directory, const base::Clock* clock);
  ~FileWriter() override;

  Status Open(RecordLedger* ledger) override;
  WriteResult Write(const traffic::RecordSelection& records, size_t from) override;
  Status Flush() override;
  void Poll() override;
  void Close(base::Nanos wait) override;

 private:
  Status OpenCurrent();
  Status CutTornLine();
  Status WriteWhole(const std::string& lines);
  bool MustRotate() const;
  Status Rotate();
  void DeleteOld();

  const tap::FileOutput spec_;
  const std::string directory_;
  const base::Clock* const clock_;
  RecordLedger* ledger_ = nullptr;
  int directory_fd_ = -1;
  int fd_ = -1;
  uint64_t size_ = 0;
  base::Nanos opened_ = 0;  // monotonic
};

// Opens `path` below the directory `directory_fd`, making directories on the way; neither ".." nor
// a symbolic link leads out of it (openat2(2), RESOLVE_BENEATH). Returns the descriptor.
// kInvalidArgument: the path leads out.
StatusOr<int> OpenBeneath(int directory_fd, const std::string& path, int flags);

}  // namespace traffictap::sinks
