// SPDX-License-Identifier: Apache-2.0

// Every file is opened relative to one directory descriptor and without following links, so that
// nothing above or in it can be exchanged to lead elsewhere. The lock is held as long as the
// directory: two processes in one spool would count and delete each other's records. The reserve is
// space that is given up when the disk is full, so that the files which say what was delivered can
// still be replaced.
#include "sinks/spool/spool_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "base/read_at.h"
#include "fmt/format.h"

namespace traffictap::sinks {
namespace {

constexpr const char* kLock = "lock";
constexpr const char* kPart = ".part";
constexpr const char* kReserve = "reserve";
constexpr size_t kReserveBytes = 64 * 1024;

Status Failed(const std::string& what) {
  const int error = errno;
  const auto message = fmt::format("spool: {}: {}", what, std::strerror(error));
  return error == ENOSPC || error == EDQUOT ? absl::ResourceExhaustedError(message)
                                            : absl::UnavailableError(message);
}

Status WriteAll(int fd, uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return Failed("write");
    bytes.remove_prefix(static_cast<size_t>(size));
    offset += static_cast<uint64_t>(size);
  }
  return absl::OkStatus();
}

// A descriptor that is kept from call to call, as long as they are of the same file.
class KeptFile {
 public:
  ~KeptFile() { Close(); }

  StatusOr<int> Get(int directory, const std::string& name, int flags) {
    if (fd_ >= 0 && name_ == name) return fd_;
    Close();
    fd_ = openat(directory, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd_ < 0) return Failed("open " + name);
    name_ = name;
    return fd_;
  }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  void CloseIf(const std::string& name) {
    if (name_ == name) Close();
  }

 private:
  int fd_ = -1;
  std::string name_;
};

class DirectoryDisk final : public SpoolDisk {
 public:
  DirectoryDisk(std::string root, std::string path)
      : root_(std::move(root)), path_(std::move(path)) {}
  ~DirectoryDisk() override { Close(false); }

  Status Open() override {
    if (directory_ >= 0) return absl::OkStatus();
    const int at = OpenDirectory();
    if (at < 0) return Failed(fmt::format("open directory \"{}/{}\"", root_, path_));
    directory_ = at;
    const Status locked = Lock();
    if (!locked.ok()) Close(false);
    return locked;
  }

  StatusOr<std::vector<std::string>> Names() override {
    const int fd = openat(directory_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* entries = fd < 0 ? nullptr : fdopendir(fd);
    if (entries == nullptr) {
      if (fd >= 0) close(fd);
      return Failed("list directory");
    }
    const absl::Cleanup close_it = [entries] { closedir(entries); };
    std::vector<std::string> out;
    while (const dirent* entry = readdir(entries)) out.emplace_back(entry->d_name);
    return out;
  }

  StatusOr<uint64_t> Size(const std::string& name) override {
    struct stat found {};
    if (fstatat(directory_, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
      return Failed("stat " + name);
    }
    return static_cast<uint64_t>(found.st_size);
  }

  StatusOr<std::string> Read(const std::string& name, uint64_t offset, size_t size) override {
    const auto fd = reading_.Get(directory_, name, O_RDONLY);
    if (!fd.ok()) return fd.status();
    auto out = base::ReadAt(*fd, offset, size);
    if (!out) return Failed("read " + name);
    return *std::move(out);
  }

  Status Write(const std::string& name, uint64_t offset, std::string_view bytes) override {
    const auto fd = writing_.Get(directory_, name, O_WRONLY | O_CREAT);
    if (!fd.ok()) return fd.status();
    return WriteAll(*fd, offset, bytes);
  }

  Status Sync(const std::string& name) override {
    const auto fd = writing_.Get(directory_, name, O_WRONLY);
    if (!fd.ok()) return fd.status();
    if (fdatasync(*fd) != 0) return Failed("sync " + name);
    return SyncDirectory(name);
  }

  // A disk that is full must not keep files from being given up, so a little of it is held back.
  Status Replace(const std::string& name, std::string_view bytes) override {
    Status out = ReplaceOnce(name, bytes);
    if (out.code() == absl::StatusCode::kResourceExhausted && reserved_) {
      reserved_ = false;
      unlinkat(directory_, kReserve, 0);
      out = ReplaceOnce(name, bytes);
    }
    if (out.ok() && !reserved_) Reserve();
    return out;
  }

  Status Remove(const std::string& name) override {
    writing_.CloseIf(name);
    reading_.CloseIf(name);
    if (unlinkat(directory_, name.c_str(), 0) == 0 || errno == ENOENT) return absl::OkStatus();
    return Failed("remove " + name);
  }

  void Close(bool remove) override {
    writing_.Close();
    reading_.Close();
    if (remove && directory_ >= 0) RemoveAll();
    if (lock_ >= 0) close(lock_);
    if (directory_ >= 0) close(directory_);
    lock_ = directory_ = -1;
  }

 private:
  Status ReplaceOnce(const std::string& name, std::string_view bytes) {
    const std::string part = name + kPart;
    const int fd = openat(directory_, part.c_str(),
                          O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return Failed("open " + part);
    Status out = WriteAll(fd, 0, bytes);
    if (out.ok() && fdatasync(fd) != 0) out = Failed("sync " + part);
    close(fd);
    if (!out.ok()) return out;
    if (renameat(directory_, part.c_str(), directory_, name.c_str()) != 0) {
      return Failed("rename " + part);
    }
    return fsync(directory_) == 0 ? absl::OkStatus() : Failed("sync directory");
  }

  void Reserve() {
    const int fd =
        openat(directory_, kReserve, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return;
    reserved_ = WriteAll(fd, 0, std::string(kReserveBytes, 'r')).ok();
    close(fd);
    if (!reserved_) unlinkat(directory_, kReserve, 0);
  }

  // From the root down, so that no link leads elsewhere. -1 with errno.
  int OpenDirectory() {
    int at = open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    std::istringstream parts(path_);
    for (std::string part; at >= 0 && std::getline(parts, part, '/');) {
      const bool made = mkdirat(at, part.c_str(), 0700) == 0;
      const int next = openat(at, part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      const int error = errno;
      if (made) fsync(at);
      close(at);
      errno = error;
      at = next;
    }
    return at;
  }

  Status Lock() {
    lock_ = openat(directory_, kLock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock_ < 0) return Failed("open lock");
    if (flock(lock_, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
    return absl::UnavailableError(
        fmt::format("spool: \"{}/{}\" is in use: by the output before the last edit, which is "
                    "closing, or by another collector",
                    root_, path_));
  }

  // The name of a file is on disk when its directory is.
  Status SyncDirectory(const std::string& name) {
    if (synced_name_ == name) return absl::OkStatus();
    if (fsync(directory_) != 0) return Failed("sync directory");
    synced_name_ = name;
    return absl::OkStatus();
  }

  void RemoveAll() {
    if (const auto names = Names(); names.ok()) {
      for (const std::string& name : *names) {
        if (name != "." && name != "..") unlinkat(directory_, name.c_str(), 0);
      }
    }
    // Those above are removed where nothing else is in them.
    for (std::string path = path_; !path.empty();) {
      if (rmdir((root_ + "/" + path).c_str()) != 0) return;
      const size_t slash = path.rfind('/');
      path = slash == std::string::npos ? "" : path.substr(0, slash);
    }
  }

  const std::string root_;
  const std::string path_;
  int directory_ = -1;
  int lock_ = -1;
  KeptFile writing_;
  KeptFile reading_;
  std::string synced_name_;
  bool reserved_ = false;
};

}  // namespace

std::unique_ptr<SpoolDisk> MakeSpoolDisk(std::string root, std::string path) {
  return std::make_unique<DirectoryDisk>(std::move(root), std::move(path));
}

}  // namespace traffictap::sinks
