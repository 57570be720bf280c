// SPDX-License-Identifier: Apache-2.0
#include "cli/records/show_records.h"

#include "base/rfc3339.h"
#include "cli/records/newest_records.h"
#include "fmt/format.h"
#include "kube/object.h"

namespace traffictap::cli {
namespace {

void SayWhyEnded(const std::string& reason, bool follow, Session& session) {
  if (reason == "TapsGone") session.console->Say("the tap has ended");
  if (reason == "BacklogRead" && follow) session.console->Say("the collector has ended the stream");
}

// 0 where the record has none.
base::Nanos StartOf(std::string_view line) {
  const kube::Object record(kube::Json::parse(line.begin(), line.end(), nullptr, false));
  return base::ParseRfc3339(record.Text("/timings/startTime")).value_or(0);
}

// The newest of the backlog, and from its end on what comes: two requests, since the first one has
// to know where the backlog ends.
StatusOr<std::string> ReadFromLast(const Cluster& cluster, RecordStreamOptions stream,
                                   uint64_t last, const RecordStreamHandlers& handlers,
                                   Session& session) {
  NewestRecords newest(last);
  std::string position;
  RecordStreamHandlers of_backlog = handlers;
  of_backlog.on_record = [&newest](std::string_view line) {
    newest.Add(StartOf(line), line);
    return absl::OkStatus();
  };
  of_backlog.on_position = [&position](const std::string& told) { position = told; };
  RecordStreamOptions backlog = stream;
  backlog.follow = false;
  auto ended = ReadRecords(cluster, backlog, of_backlog, session);
  if (!ended.ok()) return ended;
  for (const auto& line : newest.Take()) TT_RETURN_IF_ERROR(handlers.on_record(line));
  if (!stream.follow || *ended != "BacklogRead") return ended;
  std::erase_if(stream.query, [](const auto& parameter) { return parameter.first == "since"; });
  const bool told = !position.empty();
  stream.query.emplace_back(told ? "after" : "since", told ? position : "0s");
  return ReadRecords(cluster, stream, handlers, session);
}

}  // namespace

Status ShowRecords(const Cluster& cluster, const RecordStreamOptions& stream,
                   const OutputOptions& output_options, Session& session, uint64_t last) {
  auto output = RecordOutput::Make(output_options, session.console);
  if (!output.ok()) return output.status();
  uint64_t lost = 0;
  RecordStreamHandlers handlers;
  handlers.on_record = [&](std::string_view line) { return (*output)->Write(line); };
  handlers.on_gap = [&](const std::string& tap, uint64_t count) {
    lost += count;
    SayGap(tap, count, session.console);
  };
  const auto ended = last > 0 ? ReadFromLast(cluster, stream, last, handlers, session)
                              : ReadRecords(cluster, stream, handlers, session);
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
