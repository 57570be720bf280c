#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "fmt/format.h"
#include "sinks/file/file_writer.h"

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

Status Failed(const std::string& path) {
  const int error = errno;
  const auto message = fmt::format("open output file \"{}\": {}", path, std::strerror(error));
  if (error == EXDEV || error == ELOOP) {
    return absl::InvalidArgumentError(
        message + "; the path must stay below the output directory, without links");
  }
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

}  // namespace

StatusOr<int> OpenBeneath(int directory_fd, const std::string& path, int flags) {
  int parent = dup(directory_fd);
  size_t begin = 0;
  for (size_t slash = path.find('/'); slash != std::string::npos && parent >= 0;
       begin = slash + 1, slash = path.find('/', begin)) {
    const std::string part = path.substr(begin, slash - begin);
    if (part.empty() || part == "..") {
      close(parent);
      return absl::InvalidArgumentError(
          fmt::format("output file \"{}\": must be relative, without \"..\"", path));
    }
    mkdirat(parent, part.c_str(), kDirectoryMode);
    const int next = OpenAt2(parent, part, O_RDONLY | O_DIRECTORY, 0);
    close(parent);
    parent = next;
  }
  if (parent < 0) return Failed(path);
  const int fd = OpenAt2(parent, path.substr(begin), flags, (flags & O_CREAT) != 0 ? kFileMode : 0);
  const Status failed = fd < 0 ? Failed(path) : absl::OkStatus();
  close(parent);
  if (!failed.ok()) return failed;
  return fd;
}

}  // namespace traffictap::sinks
