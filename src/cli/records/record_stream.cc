// SPDX-License-Identifier: Apache-2.0
#include "cli/records/record_stream.h"

#include <set>
#include <thread>

#include "base/bounded_queue.h"
#include "base/wait.h"
#include "cli/print/printer.h"
#include "cli/records/missing_notice.h"
#include "fmt/format.h"
#include "kube/line_splitter.h"

namespace traffictap::cli {
namespace {

using kube::Json;

constexpr size_t kLineBytesMax = 4 << 20;

// What the lines of one stream say, from connection to connection.
class StreamReader {
 public:
  StreamReader(const RecordStreamHandlers& handlers, Console* console)
      : handlers_(handlers), missing_(console) {}

  Status Take(const std::string& line) {
    answered_ = true;
    if (print::IsControlLine(line)) return TakeControl(line);
    // Records after the last position come again where a connection broke between.
    if (!since_position_.insert(line).second) return absl::OkStatus();
    return handlers_.on_record(line);
  }

  const std::string& position() const { return position_; }
  // Why the last connection ended, where it said so.
  std::string TakeEnd() { return std::exchange(end_, ""); }
  // Whether anything came since it was asked last.
  bool TakeAnswered() { return std::exchange(answered_, false); }

 private:
  Status TakeControl(const std::string& line) {
    const Json control = Json::parse(line, nullptr, false);
    if (!control.is_object()) return absl::OkStatus();
    const kube::Object read(control);
    const std::string type = read.Text("/type");
    if (type == "Position") {
      position_ = read.Text("/position");
      since_position_.clear();
      if (handlers_.on_position) handlers_.on_position(position_);
    } else if (type == "Gap") {
      const Json* count = read.Find("/droppedCount");
      const bool known = count != nullptr && count->is_number_unsigned();
      handlers_.on_gap(read.Text("/tap"), known ? count->get<uint64_t>() : 0);
    } else if (type == "Partial") {
      missing_.Tell(line);  // over a connection that is made again it comes once more
    } else if (type == "End") {
      end_ = read.Text("/reason");
    }
    return absl::OkStatus();
  }

  const RecordStreamHandlers& handlers_;
  MissingNotice missing_;
  std::string position_;
  std::string end_;
  std::set<std::string> since_position_;
  bool answered_ = false;
};

// From a position on, `since` says nothing any more.
std::vector<std::pair<std::string, std::string>> QueryAfter(const RecordStreamOptions& options,
                                                            const std::string& position) {
  auto query = options.query;
  if (position.empty()) return query;
  std::erase_if(query, [](const auto& parameter) {
    return parameter.first == "since" || parameter.first == "after";
  });
  query.emplace_back("after", position);
  return query;
}

// One connection, on a thread of its own, since the output may wait for its reader.
class Connection {
 public:
  Connection(const Cluster& cluster, std::string path, size_t waiting_bytes_max,
             const std::stop_token& stop)
      : waiting_(waiting_bytes_max),
        on_stop_(stop, [this] { stop_.request_stop(); }),
        thread_([this, &cluster, path = std::move(path)] { Read(cluster, path); }) {}
  ~Connection() {
    stop_.request_stop();
    thread_.join();
  }

  // What came since the last call; waits a moment. Nothing and `ended`: there is no more.
  std::vector<std::string> Take(bool* ended) {
    *ended = waiting_.closed();
    return waiting_.PopAll(100 * base::kMillisecond);
  }
  // After the end.
  Status status() const { return status_; }

 private:
  void Read(const Cluster& cluster, const std::string& path) {
    kube::StreamHandlers handlers;
    handlers.on_bytes = [this](std::string_view bytes) {
      return waiting_.TryPush(std::string(bytes), bytes.size())
                 ? absl::OkStatus()
                 : absl::ResourceExhaustedError("the output is slower than what comes");
    };
    status_ = cluster.client->Stream(path, {.accept = "application/x-ndjson"}, handlers,
                                     stop_.get_token());
    waiting_.Close();
  }

  base::BoundedQueue<std::string> waiting_;
  std::stop_source stop_;
  const std::stop_callback<std::function<void()>> on_stop_;
  Status status_;  // written before the queue is closed, read after
  std::jthread thread_;
};

Status ReadOnce(const Cluster& cluster, const RecordStreamOptions& options, StreamReader* reader,
                std::stop_token stop) {
  kube::LineSplitter lines(kLineBytesMax);
  const auto path =
      LivePath(cluster, "pairs", options.follow, QueryAfter(options, reader->position()));
  Connection connection(cluster, path, options.waiting_bytes_max, stop);
  for (bool ended = false;;) {
    const auto pieces = connection.Take(&ended);
    for (const auto& bytes : pieces) {
      TT_RETURN_IF_ERROR(
          lines.Feed(bytes, [&](const std::string& line) { return reader->Take(line); }));
    }
    if (ended && pieces.empty()) return connection.status();
  }
}

// Whether the same request may succeed later. A tap that is new to the collector is not found for a
// moment.
bool IsPassing(const Status& status, bool answered_before, const StillInForce& in_force) {
  if (absl::IsNotFound(status)) return !answered_before || (in_force && in_force());
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsDeadlineExceeded(status);
}

}  // namespace

StatusOr<std::string> ReadRecords(const Cluster& cluster, const RecordStreamOptions& options,
                                  const RecordStreamHandlers& handlers, Session& session) {
  StreamReader reader(handlers, session.console);
  bool answered_before = false;
  base::Nanos alive = session.clock->Monotonic();
  for (;;) {
    Status ended = ReadOnce(cluster, options, &reader, session.stop);
    if (session.stop.stop_requested()) return absl::CancelledError("interrupted");
    if (reader.TakeAnswered()) {
      answered_before = true;
      alive = session.clock->Monotonic();
    }
    const std::string end = reader.TakeEnd();
    if (end == "RightRevoked") {
      return absl::PermissionDeniedError("your right to read these records was revoked");
    }
    const bool began_anew = end == "TapsGone" && options.still_in_force && options.still_in_force();
    if (!end.empty() && !began_anew) return end;
    // An end without a word is a broken connection as well.
    if (ended.ok()) ended = absl::UnavailableError("the connection was cut");
    const bool passing = IsPassing(ended, answered_before, options.still_in_force);
    if (!passing || session.clock->Monotonic() - alive >= options.give_up) {
      return ExplainLive(ended, cluster);
    }
    // The output has caught up.
    if (absl::IsResourceExhausted(ended) && !kube::ApiErrorOf(ended)) continue;
    session.console->SayWaiting(
        fmt::format("connecting again: {}", Message(ExplainLive(ended, cluster))));
    if (!base::WaitOnClock(options.backoff, session.stop))
      return absl::CancelledError("interrupted");
  }
}

void SayGap(const std::string& tap, uint64_t count, Console* console) {
  console->Say(fmt::format("warning: {} records of tap {} were overwritten before they were read",
                           count, tap));
}

}  // namespace traffictap::cli
