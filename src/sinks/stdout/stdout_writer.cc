// SPDX-License-Identifier: Apache-2.0
#include "sinks/stdout/stdout_writer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <map>
#include <mutex>

#include "absl/synchronization/mutex.h"
#include "fmt/format.h"

namespace traffictap::sinks {
namespace {

constexpr int kPatienceMs = 200;

// Who has half a line out on which descriptor: nobody else may write there until it is whole.
absl::Mutex line_mutex(absl::kConstInit);
std::map<int, const void*>& TornLines() {
  static auto* torn = new std::map<int, const void*>;
  return *torn;
}

// A poll that says "writable" promises room for PIPE_BUF bytes in a pipe: a write of no more does
// not block.
Status WriteSome(int fd, std::string_view bytes, size_t* written) {
  pollfd waiting{fd, POLLOUT, 0};
  const int ready = ::poll(&waiting, 1, kPatienceMs);
  if (ready == 0)
    return absl::UnavailableError("write to standard output: its reader stands still");
  if (ready < 0 && errno != EINTR) {
    return absl::UnavailableError(fmt::format("poll standard output: {}", std::strerror(errno)));
  }
  if (ready < 0) return absl::OkStatus();
  const ssize_t count = ::write(fd, bytes.data(), std::min<size_t>(bytes.size(), PIPE_BUF));
  if (count >= 0) {
    *written = static_cast<size_t>(count);
    return absl::OkStatus();
  }
  if (errno == EINTR) return absl::OkStatus();
  const std::string cause = fmt::format("write to standard output: {}", std::strerror(errno));
  if (errno == EAGAIN) return absl::UnavailableError(cause);
  if (errno == ENOSPC || errno == EDQUOT) return absl::ResourceExhaustedError(cause);
  // EPIPE, EBADF: nobody can ever read these records.
  return absl::FailedPreconditionError(cause);
}

}  // namespace

StdoutWriter::~StdoutWriter() { Release(); }

Status StdoutWriter::Open(RecordLedger* ledger) {
  ledger_ = ledger;
  // A reader that went away must be an error of this output, not the end of the process.
  static std::once_flag once;
  std::call_once(once, [] { std::signal(SIGPIPE, SIG_IGN); });
  return absl::OkStatus();
}

WriteResult StdoutWriter::Write(const traffic::RecordSelection& records, size_t from) {
  absl::MutexLock lock(&line_mutex);
  const auto torn = TornLines().find(fd_);
  if (torn != TornLines().end() && torn->second != this) {
    return {0, absl::UnavailableError("write to standard output: another line is being written")};
  }
  WriteResult result;
  for (size_t i = from; i < records.size(); ++i) {
    const std::string line = records.batch->json_line(records.index(i));
    result.status = WriteLine(line);
    if (!result.status.ok()) break;
    ledger_->Delivered(1, line.size());
    ++result.taken;
  }
  if (line_done_ > 0) {
    TornLines()[fd_] = this;
  } else {
    TornLines().erase(fd_);
  }
  return result;
}

Status StdoutWriter::WriteLine(std::string_view line) {
  while (line_done_ < line.size()) {
    size_t written = 0;
    const Status status = WriteSome(fd_, line.substr(line_done_), &written);
    if (!status.ok()) {
      if (!IsRetryable(status)) line_done_ = 0;
      return status;
    }
    line_done_ += written;
  }
  line_done_ = 0;
  return absl::OkStatus();
}

void StdoutWriter::Close(base::Nanos) { Release(); }

void StdoutWriter::Release() {
  absl::MutexLock lock(&line_mutex);
  const auto torn = TornLines().find(fd_);
  if (torn == TornLines().end() || torn->second != this) return;
  TornLines().erase(torn);
  // The rest of the line is lost; the next writer's line must not be glued to its beginning.
  size_t written = 0;
  WriteSome(fd_, "\n", &written).IgnoreError();
}

}  // namespace traffictap::sinks
