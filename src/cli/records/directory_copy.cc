// SPDX-License-Identifier: Apache-2.0
#include "cli/records/directory_copy.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "absl/cleanup/cleanup.h"
#include "base/read_at.h"
#include "fmt/format.h"
#include "tap/rotated_name.h"

namespace traffictap::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kFileMode = 0600;

Status Failed(const char* what, const fs::path& path, int error) {
  return absl::DataLossError(fmt::format("{} {}: {}", what, path.string(), std::strerror(error)));
}

Status WriteAll(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed("write", path, errno);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

// Of the plain file that is there, if one is.
std::optional<uint32_t> HeadOfFile(const fs::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return std::nullopt;
  const absl::Cleanup closes = [fd] { close(fd); };
  const auto begin = base::ReadAt(fd, 0, tap::kHeadBytesMax);
  return begin ? tap::HeadOf(*begin) : 0;
}

base::Nanos ModifiedAt(const fs::path& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return 0;
  return found.st_mtim.tv_sec * base::kSecond + found.st_mtim.tv_nsec;
}

// "x.jsonl.zst" was "x.jsonl" before.
std::string PlainName(const tap::OutputFile& file) {
  return file.compressed ? fs::path(file.name).stem().string() : file.name;
}

Status Move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (fs::exists(to, error)) {
    return absl::FailedPreconditionError(
        fmt::format("{} should be {} by now, which is there already: move one of them away",
                    from.string(), to.string()));
  }
  fs::rename(from, to, error);
  return error ? Failed("rename", from, error.value()) : absl::OkStatus();
}

// Our copy of the current file may be of one that was rotated since: it gets that one's name, or one
// of that form where the collector has it no more.
Status PutAside(const RemoteOutput& output, const fs::path& folder) {
  const auto& files = output.files;
  const auto current = std::find_if(files.begin(), files.end(), [](auto& f) { return f.current; });
  if (current == files.end()) return absl::OkStatus();
  const fs::path ours = folder / current->name;
  const auto head = HeadOfFile(ours);
  if (!head || head == current->head) return absl::OkStatus();
  if (*head == 0) {  // less than a line
    std::error_code ignored;
    fs::remove(ours, ignored);
    return absl::OkStatus();
  }
  const auto now = std::find_if(files.begin(), files.end(), [&](const tap::OutputFile& file) {
    return !file.current && file.head == *head;
  });
  return Move(ours,
              folder / (now != files.end() ? PlainName(*now)
                                           : tap::RotatedName(current->name, ModifiedAt(ours))));
}

// Once the compressed file is there, what it was made of is there twice.
void RemovePlain(const tap::OutputFile& file, const fs::path& folder) {
  if (!file.compressed || file.head == 0) return;
  const fs::path plain = folder / PlainName(file);
  std::error_code ignored;
  if (HeadOfFile(plain) == file.head) fs::remove(plain, ignored);
}

}  // namespace

Status DirectoryCopy::Copy(const FileSource& source, const RemoteOutput& output) {
  fs::path folder = directory_ / output.name;
  if (!output.collector.empty()) folder /= output.collector;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Failed("make directory", folder, error.value());
  TT_RETURN_IF_ERROR(PutAside(output, folder));
  for (const auto& file : output.files) {
    TT_RETURN_IF_ERROR(CopyFile(source, output, file, folder));
    RemovePlain(file, folder);
  }
  return absl::OkStatus();
}

Status DirectoryCopy::CopyFile(const FileSource& source, const RemoteOutput& output,
                               const tap::OutputFile& file, const fs::path& folder) {
  const fs::path path = folder / file.name;
  const int fd =
      open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kFileMode);
  if (fd < 0) return Failed("open", path, errno);
  const absl::Cleanup closes = [fd] { close(fd); };
  if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return absl::FailedPreconditionError(
        fmt::format("{}: another program is copying to it", path.string()));
  }
  struct stat found {};
  if (fstat(fd, &found) != 0) return Failed("stat", path, errno);
  Copied copied;
  copied.bytes = static_cast<uint64_t>(found.st_size);
  if (copied.bytes == file.size) return absl::OkStatus();
  const size_t tail = std::min<uint64_t>(copied.bytes, tap::kCheckBytes);
  auto read = base::ReadAt(fd, copied.bytes - tail, tail);
  if (!read) return Failed("read", path, errno);
  copied.tail = *std::move(read);
  const auto take = [&](std::string_view bytes) {
    bytes_ += bytes.size();
    return WriteAll(fd, bytes, path);
  };
  const Status done =
      copied.bytes > file.size
          ? absl::AbortedError("it has more than the tap's file")
          : source.Read(output, file.name, /*plain=*/false, file.size, &copied, take);
  if (!absl::IsAborted(done)) return done;
  return absl::AbortedError(
      fmt::format("{} is not what the tap has written ({}): move it away, and copy again",
                  path.string(), Message(done)));
}

}  // namespace traffictap::cli
