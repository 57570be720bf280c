// SPDX-License-Identifier: Apache-2.0
#include "web/stream_writer.h"

namespace traffictap::web {

void StreamWriter::Write(std::string_view event, std::string_view line) {
  if (format_ == StreamFormat::kEvents) {
    out_->append("event: ").append(event).append("\ndata: ");
  }
  out_->append(line);  // one line, by JSON's own rules
  if (format_ == StreamFormat::kEvents) *out_ += '\n';
}

}  // namespace traffictap::web
