// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "fakes/eventually.h"
#include "fakes/records.h"
#include "fakes/temp_dir.h"
#include "sinks/file/file_writer.h"
#include "sinks/queued_sink.h"
#include "sinks/stdout/stdout_writer.h"

// An Outside has:
//   static constexpr const char* kName;
//   std::unique_ptr<sinks::RecordWriter> MakeWriter();  // not opened yet; once
//   void Break();  // from now on nothing goes through, in a way that time can heal
//   void Heal();
//   std::vector<int> Received();  // the numbers of all records that came through, in order
//   (fakes::NumbersOf)
namespace traffictap::contract {

// Short waits, so that a test of a broken outside is quick.
inline sinks::QueuedSinkOptions QuickOptions(uint64_t queue_bytes_max = 64 << 20) {
  sinks::QueuedSinkOptions options;
  options.queue_bytes_max = queue_bytes_max;
  options.backoff_min = base::kMillisecond;
  options.backoff_max = 20 * base::kMillisecond;
  options.poll_interval = 5 * base::kMillisecond;
  return options;
}

// A file that somebody else has locked.
class FileOutside {
 public:
  static constexpr const char* kName = "file";

  std::unique_ptr<sinks::RecordWriter> MakeWriter() {
    tap::FileOutput spec;
    spec.path = "shop/records.jsonl";
    return std::make_unique<sinks::FileWriter>(spec, dir_.path().string(), &clock_);
  }
  void Break() {
    dir_.Write("shop/records.jsonl", "");
    fd_ = open((dir_ / "shop/records.jsonl").c_str(), O_RDWR | O_CLOEXEC);
    flock(fd_, LOCK_EX);
  }
  void Heal() { close(fd_); }
  std::vector<int> Received() { return fakes::NumbersOf(dir_.Read("shop/records.jsonl")); }

 private:
  base::SystemClock clock_;
  fakes::TempDir dir_;
  int fd_ = -1;
};

// A pipe whose reader stands still.
class StdoutOutside {
 public:
  static constexpr const char* kName = "stdout";

  StdoutOutside() {
    if (pipe2(fds_, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    fcntl(fds_[0], F_SETFL, O_NONBLOCK);
    reader_ = std::thread([this] { Read(); });
  }
  ~StdoutOutside() {
    stop_ = true;
    reader_.join();
    close(fds_[0]);
    close(fds_[1]);
  }

  std::unique_ptr<sinks::RecordWriter> MakeWriter() {
    return std::make_unique<sinks::StdoutWriter>(fds_[1]);
  }
  void Break() {
    broken_ = true;
    // Full to the brim, so that not even the first record gets through.
    const int flags = fcntl(fds_[1], F_GETFL);
    fcntl(fds_[1], F_SETFL, flags | O_NONBLOCK);
    const std::string filler(4096, '\n');
    while (write(fds_[1], filler.data(), filler.size()) > 0) {
    }
    fcntl(fds_[1], F_SETFL, flags);
  }
  void Heal() { broken_ = false; }
  std::vector<int> Received() {
    int unread = 1;
    fakes::Eventually(
        [&] { return broken_ || (ioctl(fds_[0], FIONREAD, &unread) == 0 && unread == 0); });
    absl::MutexLock lock(&mutex_);
    std::string lines = text_;
    lines.erase(0, lines.find_first_not_of('\n'));
    return fakes::NumbersOf(lines);
  }

 private:
  void Read() {
    char block[65536];
    while (!stop_) {
      absl::MutexLock lock(&mutex_);
      const ssize_t got = broken_ ? 0 : read(fds_[0], block, sizeof(block));
      if (got > 0) text_.append(block, static_cast<size_t>(got));
      if (got <= 0) mutex_.AwaitWithTimeout(absl::Condition(&stop_flag_), absl::Milliseconds(1));
    }
  }

  int fds_[2];
  absl::Mutex mutex_;
  std::string text_;
  bool stop_flag_ = false;
  std::atomic<bool> broken_{false};
  std::atomic<bool> stop_{false};
  std::thread reader_;
};

}  // namespace traffictap::contract
