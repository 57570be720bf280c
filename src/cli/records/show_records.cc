// SPDX-License-Identifier: Apache-2.0
#include "cli/records/show_records.h"

#include "fmt/format.h"

namespace traffictap::cli {
namespace {

void SayWhyEnded(const std::string& reason, bool follow, Session& session) {
  if (reason == "TapsGone") session.console->Say("the tap has ended");
  if (reason == "BacklogRead" && follow) session.console->Say("the collector has ended the stream");
}

}  // namespace

Status ShowRecords(const Cluster& cluster, const RecordStreamOptions& stream,
                   const OutputOptions& output_options, Session& session) {
  auto output = RecordOutput::Make(output_options, session.console);
  if (!output.ok()) return output.status();
  uint64_t lost = 0;
  RecordStreamHandlers handlers;
  handlers.on_record = [&](std::string_view line) { return (*output)->Write(line); };
  handlers.on_gap = [&](const std::string& tap, uint64_t count) {
    lost += count;
    SayGap(tap, count, session.console);
  };
  const auto ended = ReadRecords(cluster, stream, handlers, session);
  const Status finished = (*output)->Finish();
  if (lost > 0) {
    session.console->Say(fmt::format("{} records shown, {} lost", (*output)->written(), lost));
  }
  if ((*output)->full()) return finished;
  if (!ended.ok()) return ended.status();
  SayWhyEnded(*ended, stream.follow, session);
  return finished;
}

}  // namespace traffictap::cli
