#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "replay/byte_source.h"

namespace traffictap::replay {

// Lines of a source. A longer one than kLineBytesMax is passed over whole and counted: a file may
// hold anything.
class LineReader {
 public:
  static constexpr size_t kLineBytesMax = size_t{4} << 20;

  explicit LineReader(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  // The next line without its end, valid until the next call; false at the end. A last line without
  // an end counts as one. An error of the source comes once, and then the end.
  StatusOr<bool> Next(std::string_view* line);
  size_t too_long() const { return too_long_; }

 private:
  Status Fill();

  const std::unique_ptr<ByteSource> source_;
  std::string bytes_;
  size_t begin_ = 0;
  size_t searched_ = 0;  // no line end between begin_ and here
  bool ended_ = false;
  bool skipping_ = false;
  size_t too_long_ = 0;
};

}  // namespace traffictap::replay
