// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/file_writer.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <list>
#include <map>

#include "absl/synchronization/mutex.h"
#include "base/log.h"
#include "fmt/format.h"
#include "sinks/file/compress.h"
#include "sinks/file/open_beneath.h"
#include "sinks/file/rotated_files.h"
#include "tap/rotated_name.h"

namespace traffictap::sinks {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBufferBytes = 256 * 1024;

Status SystemError(const std::string& what) {
  const int error = errno;
  const auto message = fmt::format("{}: {}", what, std::strerror(error));
  return error == ENOSPC || error == EDQUOT ? absl::ResourceExhaustedError(message)
                                            : absl::UnavailableError(message);
}

// The writers of each family of files, in the order in which they were made: one writes, the others
// wait for their turn. An edited tap's new output must not get ahead of the old one, which still has
// records. With them, what was rotated since the first of them came.
class Turns {
 public:
  void Enter(const std::string& family, const void* writer) {
    absl::MutexLock lock(&mutex_);
    families_[family].writers.push_back(writer);
  }
  void Leave(const std::string& family, const void* writer) {
    absl::MutexLock lock(&mutex_);
    const auto found = families_.find(family);
    if (found == families_.end()) return;
    found->second.writers.remove(writer);
    if (found->second.writers.empty()) families_.erase(found);
  }
  bool Has(const std::string& family, const void* writer) const {
    absl::MutexLock lock(&mutex_);
    const auto found = families_.find(family);
    return found != families_.end() && found->second.writers.front() == writer;
  }
  // For the one whose turn it is.
  RotationOrder* Order(const std::string& family) {
    absl::MutexLock lock(&mutex_);
    return &families_[family].order;
  }

 private:
  struct Family {
    std::list<const void*> writers;
    RotationOrder order;
  };
  mutable absl::Mutex mutex_;
  std::map<std::string, Family> families_ ABSL_GUARDED_BY(mutex_);
};

Turns& AllTurns() {
  static auto* turns = new Turns;
  return *turns;
}

}  // namespace

FileWriter::FileWriter(tap::FileOutput spec, std::string directory, const base::Clock* clock)
    : spec_(std::move(spec)),
      directory_(std::move(directory)),
      clock_(clock),
      parent_(fs::path(spec_.path).parent_path().string()),
      name_(fs::path(spec_.path).filename().string()),
      family_(directory_ + "/" + tap::FileFamily(spec_.path)) {
  AllTurns().Enter(family_, this);
}

FileWriter::~FileWriter() { Close(0); }

Status FileWriter::Open(RecordLedger* ledger) {
  ledger_ = ledger;
  if (directory_fd_ < 0) {
    directory_fd_ = open(directory_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory_fd_ < 0)
      return SystemError(fmt::format("open output directory \"{}\"", directory_));
  }
  TT_RETURN_IF_ERROR(OpenCurrent());
  RemoveLeftovers(parent_fd_, name_);
  return absl::OkStatus();
}

// From the output directory down each time: a directory on the way may be another one by now.
Status FileWriter::OpenCurrent() {
  CloseCurrent();
  const auto parent = OpenDirectoryBeneath(directory_fd_, parent_);
  if (!parent.ok()) return parent.status();
  parent_fd_ = *parent;
  const auto fd = OpenFileIn(parent_fd_, name_, O_RDWR | O_CREAT | O_APPEND);
  if (!fd.ok()) return fd.status();
  fd_ = *fd;
  Status ready = Lock();
  if (ready.ok()) ready = EndLastLine();
  if (ready.ok() && spec_.sync && fsync(parent_fd_) != 0)
    ready = SystemError("sync output directory");
  if (!ready.ok()) CloseCurrent();
  return ready;
}

Status FileWriter::Lock() {
  // Between processes. A file system without locks (EOPNOTSUPP, some network ones) is used without.
  const bool free =
      AllTurns().Has(family_, this) && (flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK);
  if (!free) {
    return absl::UnavailableError(
        fmt::format("open output file \"{}\": another output writes to it, or rotates to the same "
                    "names; give each output a different path",
                    spec_.path));
  }
  if (!IsCurrent())
    return absl::AbortedError(
        fmt::format("open output file \"{}\": it was rotated while being opened", spec_.path));
  opened_ = clock_->Monotonic();
  return absl::OkStatus();
}

bool FileWriter::IsCurrent() const {
  struct stat ours {
  }, there{};
  return fstat(fd_, &ours) == 0 &&
         fstatat(parent_fd_, name_.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
         ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

Status FileWriter::EndLastLine() {
  struct stat found {};
  if (fstat(fd_, &found) != 0) return SystemError("stat output file");
  size_ = static_cast<uint64_t>(found.st_size);
  uint64_t end = size_;
  std::string block(64 * 1024, '\0');
  while (end > 0) {
    const uint64_t begin = end > block.size() ? end - block.size() : 0;
    const ssize_t got = pread(fd_, block.data(), end - begin, static_cast<off_t>(begin));
    if (got <= 0) return SystemError("read output file");
    const auto newline = std::string_view(block.data(), static_cast<size_t>(got)).rfind('\n');
    if (newline != std::string_view::npos) {
      end = begin + newline + 1;
      break;
    }
    end = begin;
  }
  return end == size_ ? absl::OkStatus() : CutTornLine(end);
}

// What begins at `end` lacks its newline. A record of ours begins with a brace, and what a machine's
// crash leaves of one on some file systems with zeros. Anything else was there before us.
Status FileWriter::CutTornLine(uint64_t end) {
  char first = 0;
  if (pread(fd_, &first, 1, static_cast<off_t>(end)) != 1) return SystemError("read output file");
  if (first != '{' && first != '\0') {
    log::For("sinks").warn(
        "the last line is not a record: kept it, and ended the line file={} bytes={}", spec_.path,
        size_ - end);
    if (write(fd_, "\n", 1) != 1) return SystemError("end the last line of output file");
    ++size_;
    return absl::OkStatus();
  }
  log::For("sinks").warn("torn last line of a former run cut off file={} bytes={}", spec_.path,
                         size_ - end);
  if (ftruncate(fd_, static_cast<off_t>(end)) != 0) return SystemError("truncate output file");
  size_ = end;
  return absl::OkStatus();
}

Status FileWriter::WriteWhole(LinePieces* lines) {
  size_t done = 0;
  while (done < lines->bytes()) {
    const ssize_t wrote = lines->Write(fd_, done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      const Status failed = SystemError(fmt::format("write output file \"{}\"", spec_.path));
      CutBack(done);
      return failed;
    }
    done += static_cast<size_t>(wrote);
  }
  if (spec_.sync && fsync(fd_) != 0) {
    // The kernel may have given the pages up: cut off and written again, they are dirty again.
    const Status failed = SystemError(fmt::format("sync output file \"{}\"", spec_.path));
    CutBack(done);
    return failed;
  }
  size_ += done;
  return absl::OkStatus();
}

// Takes back what was written of a buffer, so that the retry writes no line twice. By the file's
// real size: somebody may have emptied it.
void FileWriter::CutBack(size_t written) {
  struct stat found {};
  const bool cut = fstat(fd_, &found) == 0 && found.st_size >= static_cast<off_t>(written) &&
                   ftruncate(fd_, found.st_size - static_cast<off_t>(written)) == 0;
  if (cut) return;
  log::For("sinks").error("cannot take a partly written buffer back file={}", spec_.path);
  CloseCurrent();  // opening it again cuts the torn line off
}

WriteResult FileWriter::Write(const traffic::RecordSelection& records, size_t from) {
  if (fd_ < 0) {
    if (const Status opened = OpenCurrent(); !opened.ok()) return {0, opened};
  }
  if (MustRotate(records.batch->json(records.index(from)).size())) {
    if (const Status rotated = Rotate(); !rotated.ok()) return {0, rotated};
  }
  LinePieces lines;
  size_t taken = 0;
  while (from + taken < records.size() && lines.bytes() < kBufferBytes) {
    const traffic::JsonLine line = records.batch->json(records.index(from + taken));
    if (taken > 0 && size_ + lines.bytes() + line.size() > spec_.rotate_bytes) break;
    lines.Add(line);
    ++taken;
  }
  if (const Status wrote = WriteWhole(&lines); !wrote.ok()) return {0, wrote};
  if (!spec_.sync) unsynced_ += taken;
  ledger_->Delivered(taken, lines.bytes());
  return {taken, absl::OkStatus()};
}

bool FileWriter::MustRotate(size_t next_bytes) const {
  if (size_ == 0) return false;
  return size_ + next_bytes > spec_.rotate_bytes ||
         (spec_.rotate_age && clock_->Monotonic() - opened_ >= *spec_.rotate_age);
}

Status FileWriter::Rotate() {
  BringToDisk();
  std::string moved;
  if (const Status aside = MoveAside(&moved); !aside.ok()) return aside;
  AllTurns().Order(family_)->push_back(moved);
  if (spec_.compression != tap::Compression::kNone) Pack(moved);
  DeleteOld();
  return OpenCurrent();
}

// The kernel tells a failed write-back once; the file stays as it is, as what it kept in memory may
// still be written.
void FileWriter::BringToDisk() {
  if (unsynced_ > 0 && fsync(fd_) != 0) {
    const Status failed = SystemError(
        fmt::format("sync output file \"{}\": {} records may be lost", spec_.path, unsynced_));
    log::For("sinks").error("records that were written may be lost file={} records={} err=\"{}\"",
                            spec_.path, unsynced_, Message(failed));
    ledger_->Doubted(unsynced_, failed);
  }
  unsynced_ = 0;
}

Status FileWriter::MoveAside(std::string* moved) {
  // The clock that names files may stand still or go back: never over a file that is there.
  for (base::Nanos wall = clock_->Wall();; ++wall) {
    *moved = tap::RotatedName(name_, wall);
    if (IsThere(parent_fd_, *moved)) continue;
    if (renameat2(parent_fd_, name_.c_str(), parent_fd_, moved->c_str(), RENAME_NOREPLACE) == 0)
      break;
    if (errno == EEXIST) continue;
    // Some file systems do not know the flag.
    if (errno == EINVAL && renameat(parent_fd_, name_.c_str(), parent_fd_, moved->c_str()) == 0)
      break;
    return SystemError(fmt::format("rotate output file \"{}\"", spec_.path));
  }
  return absl::OkStatus();
}

// Under another name until it is whole and on the disk: a crash leaves the uncompressed file, or
// both (RemoveLeftovers).
void FileWriter::Pack(const std::string& moved) {
  const std::string packed = moved + Extension(spec_.compression);
  const std::string part = packed + ".part";
  const auto out = OpenFileIn(parent_fd_, part, O_WRONLY | O_CREAT | O_TRUNC);
  Status done = out.status();
  if (out.ok()) {
    lseek(fd_, 0, SEEK_SET);
    done = Compress(spec_.compression, fd_, *out);
    if (done.ok() && fsync(*out) != 0) done = SystemError("sync compressed file");
    if (close(*out) != 0 && done.ok()) done = SystemError("close compressed file");
  }
  if (done.ok() && renameat(parent_fd_, part.c_str(), parent_fd_, packed.c_str()) == 0) {
    unlinkat(parent_fd_, moved.c_str(), 0);
    return;
  }
  log::For("sinks").warn("rotated file stays uncompressed file={} err={}", moved, Message(done));
  unlinkat(parent_fd_, part.c_str(), 0);
}

void FileWriter::DeleteOld() {
  const size_t keep = spec_.files_max > 1 ? spec_.files_max - 1 : 0;
  KeepNewest(parent_fd_, name_, keep, clock_->Wall(), AllTurns().Order(family_));
}

void FileWriter::Poll() {
  if (fd_ < 0) return;
  Status fresh;
  if (!IsCurrent()) {
    log::For("sinks").warn(
        "output file was removed or renamed by another process: created it again file={}",
        spec_.path);
    fresh = OpenCurrent();
  } else if (MustRotate(0)) {
    fresh = Rotate();
  }
  if (!fresh.ok()) ledger_->Troubled(fresh);
}

void FileWriter::CloseCurrent() {
  if (fd_ >= 0) {
    BringToDisk();
    close(fd_);
  }
  if (parent_fd_ >= 0) close(parent_fd_);
  fd_ = parent_fd_ = -1;
}

void FileWriter::Close(base::Nanos) {
  CloseCurrent();
  if (directory_fd_ >= 0) close(directory_fd_);
  directory_fd_ = -1;
  AllTurns().Leave(family_, this);
}

}  // namespace traffictap::sinks
