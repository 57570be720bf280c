// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/output_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/read_at.h"
#include "fmt/format.h"
#include "sinks/file/decoder.h"
#include "sinks/file/open_beneath.h"
#include "sinks/file/rotated_files.h"

namespace traffictap::sinks {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPieceBytes = 256 * 1024;

Status SystemError(const std::string& what) {
  return absl::UnavailableError(fmt::format("{}: {}", what, std::strerror(errno)));
}

// A descriptor that is closed with it.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&&) = delete;
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

// Made where it is missing, as the output itself will.
StatusOr<File> OpenParent(const std::string& root, const std::string& path) {
  const File root_fd(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (root_fd.fd() < 0) return SystemError(fmt::format("open output directory \"{}\"", root));
  const auto parent = OpenDirectoryBeneath(root_fd.fd(), fs::path(path).parent_path().string());
  if (!parent.ok()) return parent.status();
  return File(*parent);
}

StatusOr<std::string> ReadAt(int fd, uint64_t offset, size_t size) {
  auto out = base::ReadAt(fd, offset, size);
  if (!out) return SystemError("read record file");
  return *std::move(out);
}

StatusOr<uint64_t> SizeOf(int fd) {
  struct stat found {};
  if (fstat(fd, &found) != 0) return SystemError("stat record file");
  return static_cast<uint64_t>(found.st_size);
}

// Where the last whole line ends: the writer may be within the next one.
StatusOr<uint64_t> WholeLines(int fd) {
  const auto size = SizeOf(fd);
  if (!size.ok()) return size.status();
  size_t block = 1;  // almost always it is the last byte
  for (uint64_t end = *size; end > 0; block = kPieceBytes) {
    const uint64_t begin = end > block ? end - block : 0;
    const auto bytes = ReadAt(fd, begin, end - begin);
    if (!bytes.ok()) return bytes.status();
    const size_t newline = bytes->rfind('\n');
    if (newline != std::string::npos) return begin + newline + 1;
    end = begin;
  }
  return uint64_t{0};
}

// Fills `out` up to `size` bytes, less at the end alone.
Status ReadFully(Decoder& from, size_t size, std::string* out) {
  out->resize(size);
  size_t got = 0;
  while (got < size) {
    const auto count = from.Read(std::span(*out).subspan(got));
    if (!count.ok()) return count.status();
    if (*count == 0) break;
    got += *count;
  }
  out->resize(got);
  return absl::OkStatus();
}

// 0 too where it cannot be read: who copies it is told then.
uint32_t HeadOfFile(int fd, tap::Compression compression) {
  std::string begin;
  const Status read = ReadFully(*MakeDecoder(compression, fd), tap::kHeadBytesMax, &begin);
  return read.ok() ? tap::HeadOf(begin) : 0;
}

// Names of the files that are whole, oldest first.
std::vector<std::string> Names(int parent_fd, const std::string& current) {
  std::vector<std::string> out = WholeFiles(parent_fd, current);
  out.push_back(current);
  return out;
}

StatusOr<tap::OutputFile> Describe(int parent_fd, const std::string& name, bool current) {
  const auto opened = OpenFileIn(parent_fd, name, O_RDONLY);
  if (!opened.ok()) return opened.status();
  const File file(*opened);
  struct stat found {};
  if (fstat(file.fd(), &found) != 0) return SystemError("stat record file");
  tap::OutputFile out;
  out.name = name;
  out.current = current;
  out.modified = found.st_mtim.tv_sec * base::kSecond + found.st_mtim.tv_nsec;
  // The current one's name may end as one of a compressed file: it is none.
  const auto compression = current ? tap::Compression::kNone : CompressionOf(name);
  out.compressed = compression != tap::Compression::kNone;
  out.head = HeadOfFile(file.fd(), compression);
  const auto size = out.compressed ? SizeOf(file.fd()) : WholeLines(file.fd());
  if (!size.ok()) return size.status();
  out.size = *size;
  return out;
}

// Bytes as they are on disk, up to where they ended when it was opened.
class PlainReader final : public tap::OutputFileReader {
 public:
  PlainReader(File file, uint64_t begin, uint64_t end, bool lines)
      : file_(std::move(file)), at_(begin), end_(end), lines_(lines) {}

  StatusOr<uint64_t> Read(std::string* out) override {
    const uint64_t left = end_ > at_ ? end_ - at_ : 0;
    auto piece = ReadAt(file_.fd(), at_, std::min<uint64_t>(left, kPieceBytes));
    if (!piece.ok()) return piece.status();
    const size_t newline = lines_ ? piece->rfind('\n') : std::string::npos;
    if (newline != std::string::npos) piece->resize(newline + 1);
    at_ += piece->size();
    out->append(*piece);
    return piece->size();
  }

 private:
  const File file_;
  uint64_t at_;
  const uint64_t end_;
  const bool lines_;
};

// What is in a compressed file.
class DecodedReader final : public tap::OutputFileReader {
 public:
  DecodedReader(File file, tap::Compression compression)
      : file_(std::move(file)), decoder_(MakeDecoder(compression, file_.fd())) {}

  // kFailedPrecondition: there is not so much, or it is something else.
  Status Skip(uint64_t offset, uint32_t check) {
    std::string before;
    std::string piece;
    for (uint64_t at = 0; at < offset; at += piece.size()) {
      const size_t size = std::min<uint64_t>(offset - at, kPieceBytes);
      TT_RETURN_IF_ERROR(ReadFully(*decoder_, size, &piece));
      if (piece.size() < size)
        return absl::FailedPreconditionError("the file is shorter than the offset");
      before += piece;
      before.erase(0, before.size() - std::min(before.size(), tap::kCheckBytes));
    }
    return offset == 0 || tap::CheckOf(before) == check
               ? absl::OkStatus()
               : absl::FailedPreconditionError("the file is another one by now");
  }

  StatusOr<uint64_t> Read(std::string* out) override {
    std::string piece;
    TT_RETURN_IF_ERROR(ReadFully(*decoder_, kPieceBytes, &piece));
    piece.insert(0, torn_);
    const size_t newline = piece.rfind('\n');
    torn_ = newline == std::string::npos ? "" : piece.substr(newline + 1);
    if (newline != std::string::npos) piece.resize(newline + 1);
    out->append(piece);
    return piece.size();
  }

 private:
  const File file_;
  const std::unique_ptr<Decoder> decoder_;
  std::string torn_;  // the begin of a line that the next piece ends
};

StatusOr<std::unique_ptr<tap::OutputFileReader>> OpenPlain(File file, const tap::OutputRange& range,
                                                           bool lines) {
  const auto end = lines ? WholeLines(file.fd()) : SizeOf(file.fd());
  if (!end.ok()) return end.status();
  if (range.offset > *end)
    return absl::FailedPreconditionError("the file is shorter than the offset");
  if (range.offset > 0) {
    const size_t size = std::min<uint64_t>(range.offset, tap::kCheckBytes);
    const auto before = ReadAt(file.fd(), range.offset - size, size);
    if (!before.ok()) return before.status();
    if (tap::CheckOf(*before) != *range.check) {
      return absl::FailedPreconditionError("the file is another one by now");
    }
  }
  return std::make_unique<PlainReader>(std::move(file), range.offset, *end, lines);
}

}  // namespace

StatusOr<std::vector<tap::OutputFile>> ListOutputFiles(const std::string& root,
                                                       const std::string& path) {
  const auto parent = OpenParent(root, path);
  if (!parent.ok()) return parent.status();
  const std::string current = fs::path(path).filename().string();
  std::vector<tap::OutputFile> out;
  for (const auto& name : Names(parent->fd(), current)) {
    auto file = Describe(parent->fd(), name, name == current);
    // Gone since, or not there yet.
    if (file.ok()) out.push_back(*std::move(file));
  }
  return out;
}

StatusOr<std::unique_ptr<tap::OutputFileReader>> OpenOutputFile(const std::string& root,
                                                                const std::string& path,
                                                                const tap::OutputRange& range) {
  if (range.offset > 0 && !range.check) {
    return absl::InvalidArgumentError("offset: needs check, the CRC-32C of the bytes before it");
  }
  const auto parent = OpenParent(root, path);
  if (!parent.ok()) return parent.status();
  const std::string current = fs::path(path).filename().string();
  const auto gone = absl::NotFoundError(
      fmt::format("file \"{}\" is none of this output, or no longer", range.file));
  const auto names = Names(parent->fd(), current);
  if (std::find(names.begin(), names.end(), range.file) == names.end()) return gone;
  const auto opened = OpenFileIn(parent->fd(), range.file, O_RDONLY);
  if (!opened.ok()) return gone;
  File file(*opened);
  const auto compression =
      range.file == current ? tap::Compression::kNone : CompressionOf(range.file);
  const bool compressed = compression != tap::Compression::kNone;
  if (!compressed || !range.plain) return OpenPlain(std::move(file), range, !compressed);
  auto decoded = std::make_unique<DecodedReader>(std::move(file), compression);
  TT_RETURN_IF_ERROR(decoded->Skip(range.offset, range.check.value_or(0)));
  return std::unique_ptr<tap::OutputFileReader>(std::move(decoded));
}

}  // namespace traffictap::sinks
