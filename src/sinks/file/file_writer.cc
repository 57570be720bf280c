#include "sinks/file/file_writer.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/log.h"
#include "fmt/format.h"
#include "sinks/file/compress.h"
#include "sinks/file/open_beneath.h"

namespace traffictap::sinks {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBufferBytes = 256 * 1024;
constexpr char kTimePattern[] = "########T######.#########";  // #: a digit

Status SystemError(const std::string& what) {
  const int error = errno;
  const auto message = fmt::format("{}: {}", what, std::strerror(error));
  return error == ENOSPC || error == EDQUOT ? absl::ResourceExhaustedError(message)
                                            : absl::UnavailableError(message);
}

std::string Timestamp(base::Nanos wall) {
  const std::time_t seconds = wall / base::kSecond;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}.{:09}", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, wall % base::kSecond);
}

// The writers of each path, in the order in which they were made: one writes, the others wait for
// their turn. An edited tap's new output must not get ahead of the old one, which still has
// records.
class Turns {
 public:
  void Enter(const std::string& path, const void* writer) {
    absl::MutexLock lock(&mutex_);
    writers_[path].push_back(writer);
  }
  void Leave(const std::string& path, const void* writer) {
    absl::MutexLock lock(&mutex_);
    const auto found = writers_.find(path);
    if (found == writers_.end()) return;
    found->second.remove(writer);
    if (found->second.empty()) writers_.erase(found);
  }
  bool Has(const std::string& path, const void* writer) const {
    absl::MutexLock lock(&mutex_);
    const auto found = writers_.find(path);
    return found != writers_.end() && found->second.front() == writer;
  }

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, std::list<const void*>> writers_ ABSL_GUARDED_BY(mutex_);
};

Turns& AllTurns() {
  static auto* turns = new Turns;
  return *turns;
}

// Names that MoveAside gives, with whatever compression or crash put behind them.
bool IsRotated(const std::string& file, const fs::path& current) {
  const std::string prefix = current.stem().string() + "-";
  if (!file.starts_with(prefix)) return false;
  const std::string_view rest = std::string_view(file).substr(prefix.size());
  const std::string_view pattern(kTimePattern);
  if (rest.size() < pattern.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool digit = rest[i] >= '0' && rest[i] <= '9';
    if (pattern[i] == '#' ? !digit : rest[i] != pattern[i]) return false;
  }
  return rest.substr(pattern.size()).starts_with(current.extension().string());
}

}  // namespace

FileWriter::FileWriter(tap::FileOutput spec, std::string directory, const base::Clock* clock)
    : spec_(std::move(spec)),
      directory_(std::move(directory)),
      clock_(clock),
      parent_(fs::path(spec_.path).parent_path().string()),
      name_(fs::path(spec_.path).filename().string()) {
  AllTurns().Enter(directory_ + "/" + spec_.path, this);
}

FileWriter::~FileWriter() { Close(0); }

Status FileWriter::Open(RecordLedger* ledger) {
  ledger_ = ledger;
  if (directory_fd_ < 0) {
    directory_fd_ = open(directory_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory_fd_ < 0)
      return SystemError(fmt::format("open output directory \"{}\"", directory_));
  }
  return OpenCurrent();
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
  if (ready.ok()) ready = CutTornLine();
  if (ready.ok() && spec_.sync && fsync(parent_fd_) != 0)
    ready = SystemError("sync output directory");
  if (!ready.ok()) CloseCurrent();
  return ready;
}

Status FileWriter::Lock() {
  // Between processes. A file system without locks (EOPNOTSUPP, some network ones) is used without.
  const bool free = AllTurns().Has(directory_ + "/" + spec_.path, this) &&
                    (flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK);
  if (!free) {
    return absl::UnavailableError(
        fmt::format("open output file \"{}\": another output writes to it; give each one a path of "
                    "its own",
                    spec_.path));
  }
  if (!IsCurrent())
    return absl::AbortedError(
        fmt::format("open output file \"{}\": rotated meanwhile", spec_.path));
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

Status FileWriter::CutTornLine() {
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
  if (end == size_) return absl::OkStatus();
  log::For("sinks").warn("torn last line of a former run cut off file={} bytes={}", spec_.path,
                         size_ - end);
  if (ftruncate(fd_, static_cast<off_t>(end)) != 0) return SystemError("truncate output file");
  size_ = end;
  return absl::OkStatus();
}

Status FileWriter::WriteWhole(const std::string& lines) {
  size_t done = 0;
  while (done < lines.size()) {
    const ssize_t wrote = write(fd_, lines.data() + done, lines.size() - done);
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
  if (MustRotate(records.batch->json_line(records.index(from)).size())) {
    if (const Status rotated = Rotate(); !rotated.ok()) return {0, rotated};
  }
  std::string lines;
  size_t taken = 0;
  while (from + taken < records.size() && lines.size() < kBufferBytes) {
    const auto line = records.batch->json_line(records.index(from + taken));
    if (!lines.empty() && size_ + lines.size() + line.size() > spec_.rotate_bytes) break;
    lines += line;
    ++taken;
  }
  if (const Status wrote = WriteWhole(lines); !wrote.ok()) return {0, wrote};
  ledger_->Delivered(taken, lines.size());
  return {taken, absl::OkStatus()};
}

bool FileWriter::MustRotate(size_t next_bytes) const {
  if (size_ == 0) return false;
  return size_ + next_bytes > spec_.rotate_bytes ||
         (spec_.rotate_age && clock_->Monotonic() - opened_ >= *spec_.rotate_age);
}

Status FileWriter::Rotate() {
  std::string moved;
  if (const Status aside = MoveAside(&moved); !aside.ok()) return aside;
  if (spec_.compression != tap::Compression::kNone) Pack(moved);
  DeleteOld();
  return OpenCurrent();
}

Status FileWriter::MoveAside(std::string* moved) {
  const fs::path current(name_);
  // The clock that names files may stand still or go back: never over a file that is there.
  for (base::Nanos wall = clock_->Wall();; ++wall) {
    *moved = fmt::format("{}-{}{}", current.stem().string(), Timestamp(wall),
                         current.extension().string());
    if (faccessat(parent_fd_, (*moved + Extension(spec_.compression)).c_str(), F_OK, 0) == 0)
      continue;
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

// Under another name until it is whole: a crash leaves the uncompressed file.
void FileWriter::Pack(const std::string& moved) {
  const std::string packed = moved + Extension(spec_.compression);
  const std::string part = packed + ".part";
  const auto out = OpenFileIn(parent_fd_, part, O_WRONLY | O_CREAT | O_TRUNC);
  Status done = out.status();
  if (out.ok()) {
    lseek(fd_, 0, SEEK_SET);
    done = Compress(spec_.compression, fd_, *out);
    if (done.ok() && spec_.sync && fsync(*out) != 0) done = SystemError("sync compressed file");
    close(*out);
  }
  if (done.ok() && renameat(parent_fd_, part.c_str(), parent_fd_, packed.c_str()) == 0) {
    unlinkat(parent_fd_, moved.c_str(), 0);
    return;
  }
  log::For("sinks").warn("rotated file stays uncompressed file={} err={}", moved, Message(done));
  unlinkat(parent_fd_, part.c_str(), 0);
}

void FileWriter::DeleteOld() {
  const int list_fd = openat(parent_fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> list(list_fd < 0 ? nullptr : fdopendir(list_fd),
                                                 closedir);
  if (!list) return;
  std::vector<std::string> rotated;
  while (const dirent* entry = readdir(list.get())) {
    if (IsRotated(entry->d_name, name_)) rotated.emplace_back(entry->d_name);
  }
  std::sort(rotated.begin(), rotated.end());
  const size_t keep = spec_.files_max > 1 ? spec_.files_max - 1 : 0;
  for (size_t i = 0; i + keep < rotated.size(); ++i) unlinkat(parent_fd_, rotated[i].c_str(), 0);
}

void FileWriter::Poll() {
  if (fd_ < 0) return;
  Status fresh;
  if (!IsCurrent()) {
    log::For("sinks").warn("output file was removed or renamed by somebody: made anew file={}",
                           spec_.path);
    fresh = OpenCurrent();
  } else if (MustRotate(0)) {
    fresh = Rotate();
  }
  if (!fresh.ok()) ledger_->Troubled(fresh);
}

void FileWriter::CloseCurrent() {
  if (fd_ >= 0) close(fd_);
  if (parent_fd_ >= 0) close(parent_fd_);
  fd_ = parent_fd_ = -1;
}

void FileWriter::Close(base::Nanos) {
  if (fd_ >= 0) fsync(fd_);
  CloseCurrent();
  if (directory_fd_ >= 0) close(directory_fd_);
  directory_fd_ = -1;
  AllTurns().Leave(directory_ + "/" + spec_.path, this);
}

}  // namespace traffictap::sinks
