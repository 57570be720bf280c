#include "sinks/file/file_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <vector>

#include "base/log.h"
#include "fmt/format.h"
#include "sinks/file/compress.h"

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

std::string Timestamp(base::Nanos wall) {
  const std::time_t seconds = wall / base::kSecond;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}.{:09}", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, wall % base::kSecond);
}

}  // namespace

FileWriter::FileWriter(tap::FileOutput spec, std::string directory, const base::Clock* clock)
    : spec_(std::move(spec)), directory_(std::move(directory)), clock_(clock) {}

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

Status FileWriter::OpenCurrent() {
  const auto fd = OpenBeneath(directory_fd_, spec_.path, O_RDWR | O_CREAT | O_APPEND);
  if (!fd.ok()) return fd.status();
  fd_ = *fd;
  struct stat found {};
  if (fstat(fd_, &found) != 0) return SystemError("stat output file");
  size_ = static_cast<uint64_t>(found.st_size);
  opened_ = clock_->Monotonic();
  return CutTornLine();
}

Status FileWriter::CutTornLine() {
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
      // Back to the last whole buffer, so that the retry writes no line twice.
      if (ftruncate(fd_, static_cast<off_t>(size_)) != 0) {
        log::For("sinks").error("cannot cut a partly written line off file={}", spec_.path);
      }
      return failed;
    }
    done += static_cast<size_t>(wrote);
  }
  size_ += lines.size();
  return absl::OkStatus();
}

WriteResult FileWriter::Write(const traffic::RecordSelection& records, size_t from) {
  if (fd_ < 0) return {0, OpenCurrent()};
  if (MustRotate()) {
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

bool FileWriter::MustRotate() const {
  if (size_ == 0) return false;
  return size_ >= spec_.rotate_bytes ||
         (spec_.rotate_age && clock_->Monotonic() - opened_ >= *spec_.rotate_age);
}

Status FileWriter::Rotate() {
  const fs::path current(spec_.path);
  const std::string rotated =
      (current.parent_path() / fmt::format("{}-{}{}", current.stem().string(),
                                           Timestamp(clock_->Wall()), current.extension().string()))
          .string();
  if (spec_.sync && fsync(fd_) != 0) return SystemError("sync output file");
  if (renameat(directory_fd_, spec_.path.c_str(), directory_fd_, rotated.c_str()) != 0) {
    return SystemError(fmt::format("rotate output file \"{}\"", spec_.path));
  }
  if (spec_.compression != tap::Compression::kNone) {
    // Under another name until it is whole: a crash leaves the uncompressed file.
    const std::string packed = rotated + Extension(spec_.compression);
    const auto out = OpenBeneath(directory_fd_, packed + ".part", O_WRONLY | O_CREAT | O_TRUNC);
    if (out.ok()) {
      lseek(fd_, 0, SEEK_SET);
      const Status compressed = Compress(spec_.compression, fd_, *out);
      close(*out);
      if (compressed.ok()) {
        renameat(directory_fd_, (packed + ".part").c_str(), directory_fd_, packed.c_str());
        unlinkat(directory_fd_, rotated.c_str(), 0);
      } else {
        log::For("sinks").warn("rotated file stays uncompressed file={} err={}", rotated,
                               Message(compressed));
        unlinkat(directory_fd_, (packed + ".part").c_str(), 0);
      }
    }
  }
  close(fd_);
  fd_ = -1;
  DeleteOld();
  return OpenCurrent();
}

void FileWriter::DeleteOld() {
  const fs::path current = fs::path(directory_) / spec_.path;
  const std::string prefix = current.stem().string() + "-";
  std::vector<fs::path> rotated;
  std::error_code error;
  for (fs::directory_iterator it(current.parent_path(), error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    // Our own names alone: PREFIX, then a time of eight digits and a 'T'.
    const bool ours = name.starts_with(prefix) && name.size() > prefix.size() + 9 &&
                      name[prefix.size() + 8] == 'T' &&
                      name.find(current.extension().string(), prefix.size()) != std::string::npos;
    if (ours) rotated.push_back(it->path());
  }
  std::sort(rotated.begin(), rotated.end());
  const size_t keep = spec_.files_max > 1 ? spec_.files_max - 1 : 0;
  for (size_t i = 0; i + keep < rotated.size(); ++i) fs::remove(rotated[i], error);
}

Status FileWriter::Flush() {
  if (spec_.sync && fd_ >= 0 && fsync(fd_) != 0) return SystemError("sync output file");
  return absl::OkStatus();
}

void FileWriter::Poll() {
  if (fd_ < 0 || !MustRotate()) return;
  if (const Status rotated = Rotate(); !rotated.ok()) ledger_->Troubled(rotated);
}

void FileWriter::Close(base::Nanos wait) {
  if (fd_ >= 0) {
    fsync(fd_);
    close(fd_);
  }
  if (directory_fd_ >= 0) close(directory_fd_);
  fd_ = directory_fd_ = -1;
}

}  // namespace traffictap::sinks
