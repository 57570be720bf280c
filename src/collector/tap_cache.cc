// SPDX-License-Identifier: Apache-2.0

// The collector must take taps and stop although the disk hangs, so writing has a thread of its
// own, which nobody waits for and which owns all that it needs. Only the newest snapshot is of use:
// one that waits is replaced by the next. The file is replaced by a rename, and the head's length
// and checksum tell a whole one from what a crash or another version left.
#include "collector/tap_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "fmt/format.h"

namespace traffictap::collector {
namespace {

constexpr std::string_view kMagic = "TTTAPS1\n";
constexpr size_t kCrcBytes = 4;
constexpr size_t kLengthBytes = 8;
constexpr size_t kHeadBytes = 8 + kCrcBytes + kLengthBytes;
// Twice what the operator may send.
constexpr size_t kFileBytesMax = size_t{128} << 20;
constexpr auto kPatience = absl::Seconds(1);

void AppendNumber(uint64_t number, size_t bytes, std::string* out) {
  for (size_t i = 0; i < bytes; ++i) out->push_back(static_cast<char>(number >> (8 * i)));
}

uint64_t ReadNumber(std::string_view bytes) {
  uint64_t out = 0;
  for (size_t i = bytes.size(); i > 0; --i) out = out << 8 | static_cast<uint8_t>(bytes[i - 1]);
  return out;
}

Status Failed(const char* what, const std::string& path) {
  return absl::UnavailableError(fmt::format("{} \"{}\": {}", what, path, std::strerror(errno)));
}

std::string DirectoryOf(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t size = write(fd, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Failed("write", path);
    bytes.remove_prefix(static_cast<size_t>(size));
  }
  return absl::OkStatus();
}

Status WriteDurably(const std::string& path, std::string_view bytes) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Failed("open", path);
  Status out = WriteAll(fd, bytes, path);
  if (out.ok() && fsync(fd) != 0) out = Failed("fsync", path);
  if (close(fd) != 0 && out.ok()) out = Failed("close", path);
  return out;
}

// A rename is on disk when the directory is.
Status SyncDirectory(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("open", path);
  const absl::Cleanup close_it = [fd] { close(fd); };
  return fsync(fd) == 0 ? absl::OkStatus() : Failed("fsync", path);
}

// Without the fsync in between, a rename may reach the disk before the bytes do: power loss would
// leave an empty file under the good one's name.
Status Replace(const std::string& path, std::string_view bytes) {
  const std::string part = path + ".part";
  TT_RETURN_IF_ERROR(WriteDurably(part, bytes));
  if (std::rename(part.c_str(), path.c_str()) != 0) return Failed("rename", part);
  return SyncDirectory(DirectoryOf(path));
}

StatusOr<std::string> ReadFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return absl::NotFoundError(fmt::format("no file \"{}\"", path));
  if (fd < 0) return Failed("open", path);
  const absl::Cleanup close_it = [fd] { close(fd); };
  std::string out;
  char piece[64 * 1024];
  for (;;) {
    const ssize_t size = read(fd, piece, sizeof piece);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Failed("read", path);
    if (size == 0) return out;
    out.append(piece, static_cast<size_t>(size));
    if (out.size() > kFileBytesMax) return absl::DataLossError("it is too long to be one");
  }
}

}  // namespace

std::string WriteTapCache(const v1::DiscoverySnapshot& snapshot) {
  const std::string bytes = snapshot.SerializeAsString();
  std::string out(kMagic);
  AppendNumber(base::Crc32c(bytes), kCrcBytes, &out);
  AppendNumber(bytes.size(), kLengthBytes, &out);
  return out + bytes;
}

StatusOr<v1::DiscoverySnapshot> ReadTapCache(std::string_view bytes) {
  if (bytes.empty()) return absl::DataLossError("it is empty");
  if (!bytes.starts_with(kMagic)) {
    return absl::DataLossError("it does not begin as one of this version of the collector does");
  }
  if (bytes.size() < kHeadBytes) return absl::DataLossError("it ends in its head");
  const uint64_t crc = ReadNumber(bytes.substr(kMagic.size(), kCrcBytes));
  const uint64_t length = ReadNumber(bytes.substr(kMagic.size() + kCrcBytes, kLengthBytes));
  bytes.remove_prefix(kHeadBytes);
  if (bytes.size() != length) {
    return absl::DataLossError(fmt::format("it has {} bytes of {}", bytes.size(), length));
  }
  if (base::Crc32c(bytes) != crc) return absl::DataLossError("its checksum does not fit");
  v1::DiscoverySnapshot out;
  if (!out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("it holds no snapshot");
  }
  if (out.version().empty()) return absl::DataLossError("its snapshot has no version");
  return out;
}

// Shared with the thread, which a disk that hangs may keep for longer than the cache lives.
struct TapCache::Writer {
  std::string path;
  absl::Mutex mutex;
  std::optional<std::string> next ABSL_GUARDED_BY(mutex);
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  bool ended ABSL_GUARDED_BY(mutex) = false;

  bool HasWorkOrEnds() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return next || stopping; }

  // The next bytes to keep; empty at the end.
  std::optional<std::string> Take() {
    absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(this, &Writer::HasWorkOrEnds));
    ended = !next;
    return std::exchange(next, std::nullopt);
  }

  void Run() {
    while (const auto bytes = Take()) {
      const Status kept = Replace(path, *bytes);
      if (kept.ok()) continue;
      log::For("taps").warn(
          "taps not kept for a restart: is the directory there and writable? "
          "file=\"{}\" err=\"{}\"",
          path, Message(kept));
    }
  }
};

TapCache::TapCache(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  writer_ = std::make_shared<Writer>();
  writer_->path = path_;
  std::thread([writer = writer_] { writer->Run(); }).detach();
}

TapCache::~TapCache() {
  if (!writer_) return;
  absl::MutexLock lock(&writer_->mutex);
  writer_->stopping = true;
  writer_->mutex.AwaitWithTimeout(absl::Condition(&writer_->ended), kPatience);
}

StatusOr<v1::DiscoverySnapshot> TapCache::Load() const {
  if (path_.empty()) return absl::NotFoundError("no cache file is set");
  const auto bytes = ReadFile(path_);
  if (!bytes.ok()) return bytes.status();
  return ReadTapCache(*bytes);
}

void TapCache::Keep(const v1::DiscoverySnapshot& snapshot) {
  if (!writer_) return;
  std::string bytes = WriteTapCache(snapshot);
  absl::MutexLock lock(&writer_->mutex);
  writer_->next = std::move(bytes);
}

}  // namespace traffictap::collector
