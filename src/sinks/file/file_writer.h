#pragma once

#include <string>

#include "sinks/record_writer.h"
#include "tap/tap_spec.h"

namespace traffictap::sinks {

// Appends JSON lines to a file below `directory`, in whole lines: what is in the file always ends
// with '\n'. A line torn by a crash is cut off when the file is opened again. Locks the file
// (flock(2)), so that two outputs never write to one: the second waits until the first lets go.
// Rotates by size and age to NAME-YYYYMMDDTHHMMSS.fffffffff.EXT (UTC, nanoseconds), compressed if
// asked, and keeps `files_max` files with the current one. A file that somebody removed or renamed
// is made anew.
class FileWriter final : public RecordWriter {
 public:
  FileWriter(tap::FileOutput spec, std::string directory, const base::Clock* clock);
  ~FileWriter() override;

  Status Open(RecordLedger* ledger) override;
  WriteResult Write(const traffic::RecordSelection& records, size_t from) override;
  Status Flush() override { return absl::OkStatus(); }  // what was taken is written already
  void Poll() override;
  void Close(base::Nanos wait) override;

 private:
  Status OpenCurrent();
  Status Lock();
  bool IsCurrent() const;
  Status CutTornLine();
  Status WriteWhole(const std::string& lines);
  void CutBack(size_t written);
  bool MustRotate(size_t next_bytes) const;
  Status Rotate();
  Status MoveAside(std::string* moved);
  void Pack(const std::string& moved);
  void DeleteOld();
  void CloseCurrent();

  const tap::FileOutput spec_;
  const std::string directory_;
  const base::Clock* const clock_;
  const std::string parent_;  // of spec_.path
  const std::string name_;
  RecordLedger* ledger_ = nullptr;
  int directory_fd_ = -1;
  int parent_fd_ = -1;
  int fd_ = -1;
  uint64_t size_ = 0;
  base::Nanos opened_ = 0;  // monotonic
};

}  // namespace traffictap::sinks
