// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sinks/file/line_pieces.h"
#include "sinks/record_writer.h"
#include "tap/tap_spec.h"

namespace traffictap::sinks {

// Appends JSON lines to a file below `directory`, in whole lines: what is in the file always ends
// with '\n'. A record torn by a crash is cut off when the file is opened again; a last line that is
// none of ours is ended and stays. Locks the file (flock(2)), so that two outputs never write to one:
// the second waits until the first lets go. So do outputs of one process whose rotated files could be
// taken for each other's (tap::FileFamily).
// Rotates by size and age (tap::RotatedName), compressed if asked, and keeps `files_max` files with
// the current one: the oldest goes first, by the order in which this process made them, whatever
// the clock said. A file that somebody removed or renamed is made anew.
// Without `sync`, delivered is what the kernel took. A failure to bring it to the disk is told
// (RecordLedger::Doubted) when the file is rotated or closed.
class FileWriter final : public RecordWriter {
 public:
  FileWriter(tap::FileOutput spec, std::string directory, const base::Clock* clock);
  ~FileWriter() override;

  Status Open(RecordLedger* ledger) override;
  WriteResult Write(const traffic::RecordSelection& records, size_t from) override;
  Status Flush() override { return absl::OkStatus(); }  // what was taken is written already
  void Poll() override;
  // Ages are of seconds, and before each write it is polled as well.
  base::Nanos PollInterval(base::Nanos usual) const override { return 10 * usual; }
  void Close(base::Nanos wait) override;

 private:
  Status OpenCurrent();
  Status Lock();
  bool IsCurrent() const;
  Status EndLastLine();
  Status CutTornLine(uint64_t end);
  Status WriteWhole(LinePieces* lines);
  void CutBack(size_t written);
  bool MustRotate(size_t next_bytes) const;
  Status Rotate();
  Status MoveAside(std::string* moved);
  void Pack(const std::string& moved);
  void DeleteOld();
  void BringToDisk();
  void CloseCurrent();

  const tap::FileOutput spec_;
  const std::string directory_;
  const base::Clock* const clock_;
  const std::string parent_;  // of spec_.path
  const std::string name_;
  const std::string family_;
  RecordLedger* ledger_ = nullptr;
  int directory_fd_ = -1;
  int parent_fd_ = -1;
  int fd_ = -1;
  uint64_t size_ = 0;
  uint64_t unsynced_ = 0;   // records delivered since the last fsync
  base::Nanos opened_ = 0;  // monotonic
};

}  // namespace traffictap::sinks
