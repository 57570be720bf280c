// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sinks/record_writer.h"

namespace traffictap::sinks {

// Writes lines to a descriptor that others share (standard output): never changes its flags, never
// blocks on a reader that stands still, and never lets two writers of this process mix their lines.
class StdoutWriter final : public RecordWriter {
 public:
  explicit StdoutWriter(int fd = 1) : fd_(fd) {}
  ~StdoutWriter() override;

  Status Open(RecordLedger* ledger) override;
  WriteResult Write(const traffic::RecordSelection& records, size_t from) override;
  Status Flush() override { return absl::OkStatus(); }
  void Poll() override {}
  void Close(base::Nanos wait) override;

 private:
  Status WriteLine(std::string_view line);
  void Release();

  const int fd_;
  RecordLedger* ledger_ = nullptr;
  size_t line_done_ = 0;  // bytes of the current line that are out already
};

}  // namespace traffictap::sinks
