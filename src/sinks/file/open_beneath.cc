// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/open_beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <sstream>

#include "fmt/format.h"

namespace traffictap::sinks {
namespace {

constexpr int kFileMode = 0640;
constexpr int kDirectoryMode = 0750;

int OpenAt2(int directory_fd, const std::string& path, int flags, int mode) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.mode = static_cast<uint64_t>(mode);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(syscall(SYS_openat2, directory_fd, path.c_str(), &how, sizeof(how)));
}

Status LeadsOut(const std::string& path) {
  return absl::InvalidArgumentError(
      fmt::format("open output file \"{}\": must be a relative path below the output directory, "
                  "without \"..\" or links",
                  path));
}

Status Failed(const std::string& path) {
  const int error = errno;
  if (error == EXDEV || error == ELOOP) return LeadsOut(path);
  const auto message = fmt::format("open output file \"{}\": {}", path, std::strerror(error));
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(message);
  if (error == EISDIR) return absl::InvalidArgumentError(message);
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(message);
  return absl::UnavailableError(message);
}

bool IsName(const std::string& part) { return !part.empty() && part != "." && part != ".."; }

}  // namespace

StatusOr<int> OpenDirectoryBeneath(int root_fd, const std::string& path) {
  int at = OpenAt2(root_fd, ".", O_RDONLY | O_DIRECTORY, 0);
  if (at < 0) return Failed(path);
  if (!path.empty() && (path.front() == '/' || path.back() == '/')) {
    close(at);
    return LeadsOut(path);
  }
  std::istringstream parts(path);
  for (std::string part; std::getline(parts, part, '/');) {
    if (!IsName(part)) {
      close(at);
      return LeadsOut(path);
    }
    mkdirat(at, part.c_str(), kDirectoryMode);
    const int next = OpenAt2(at, part, O_RDONLY | O_DIRECTORY, 0);
    const Status failed = next < 0 ? Failed(path) : absl::OkStatus();
    close(at);
    if (!failed.ok()) return failed;
    at = next;
  }
  return at;
}

StatusOr<int> OpenFileIn(int directory_fd, const std::string& name, int flags) {
  if (!IsName(name) || name.find('/') != std::string::npos) return LeadsOut(name);
  // Without O_NONBLOCK, opening a pipe would wait for its other end.
  const int fd =
      OpenAt2(directory_fd, name, flags | O_NONBLOCK, (flags & O_CREAT) != 0 ? kFileMode : 0);
  if (fd < 0) return Failed(name);
  struct stat found {};
  if (fstat(fd, &found) == 0 && S_ISREG(found.st_mode)) return fd;
  close(fd);
  return absl::InvalidArgumentError(
      fmt::format("open output file \"{}\": it is there, and not a regular file", name));
}

}  // namespace traffictap::sinks
