// SPDX-License-Identifier: Apache-2.0

// What a file is packed with is told by its first bytes, not by its name: standard input has none,
// and people rename files. The bytes that were looked at are the beginning of the first Block. An
// end is one only between members (gzip) or frames (zstd), of which a file may have several;
// anywhere else it is damage, told after all that could be read. UTF-16 is what Windows PowerShell
// writes behind ">".
#include "replay/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "fmt/format.h"

namespace traffictap::replay {
namespace {

constexpr size_t kBlockBytes = 64 * 1024;
constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";
constexpr std::string_view kUtf16Little = "\xff\xfe";
constexpr std::string_view kUtf16Big = "\xfe\xff";

class Descriptor final : public ByteSource {
 public:
  Descriptor(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~Descriptor() override {
    if (fd_ != STDIN_FILENO) close(fd_);
  }

  StatusOr<size_t> Read(std::span<char> to) override {
    ssize_t count = 0;
    do {
      count = read(fd_, to.data(), to.size());
    } while (count < 0 && errno == EINTR);
    if (count >= 0) return static_cast<size_t>(count);
    return absl::UnavailableError(fmt::format("read {}: {}", path_, std::strerror(errno)));
  }

 private:
  const int fd_;
  const std::string path_;
};

// A source whose first bytes were looked at, with a block of what follows.
class Block {
 public:
  Block(std::unique_ptr<ByteSource> from, std::string begin)
      : from_(std::move(from)), bytes_(std::move(begin)) {}

  // What is there and was not taken yet; empty at the end.
  StatusOr<std::string_view> Rest() {
    if (at_ < bytes_.size()) return std::string_view(bytes_).substr(at_);
    bytes_.resize(kBlockBytes);
    const auto count = from_->Read(bytes_);
    if (!count.ok()) return count.status();
    bytes_.resize(*count);
    at_ = 0;
    return std::string_view(bytes_);
  }
  void Take(size_t count) { at_ += count; }

  // Copies what is there, or else has it read to where it is to go.
  StatusOr<size_t> Read(std::span<char> to) {
    if (at_ == bytes_.size()) return from_->Read(to);
    const size_t count = std::min(bytes_.size() - at_, to.size());
    std::copy_n(bytes_.data() + at_, count, to.data());
    at_ += count;
    return count;
  }

 private:
  std::unique_ptr<ByteSource> from_;
  std::string bytes_;
  size_t at_ = 0;
};

class Plain final : public ByteSource {
 public:
  explicit Plain(Block block) : block_(std::move(block)) {}

  StatusOr<size_t> Read(std::span<char> to) override { return block_.Read(to); }

 private:
  Block block_;
};

// UTF-16 as UTF-8. What is no pair of surrogates comes as U+FFFD; half a unit at the end is left out.
class Utf16 final : public ByteSource {
 public:
  Utf16(Block block, bool big_endian) : block_(std::move(block)), big_endian_(big_endian) {}

  StatusOr<size_t> Read(std::span<char> to) override {
    while (at_ == text_.size()) {
      const auto rest = block_.Rest();
      if (!rest.ok()) return rest.status();
      if (rest->empty()) return 0;
      text_.clear();
      at_ = 0;
      for (const char byte : *rest) TakeByte(static_cast<uint8_t>(byte));
      block_.Take(rest->size());
    }
    const size_t count = std::min(text_.size() - at_, to.size());
    std::copy_n(text_.data() + at_, count, to.data());
    at_ += count;
    return count;
  }

 private:
  void TakeByte(uint8_t byte) {
    if (!first_) {
      first_ = byte;
      return;
    }
    const uint32_t high = big_endian_ ? *first_ : byte;
    const uint32_t low = big_endian_ ? byte : *first_;
    first_.reset();
    TakeUnit(high << 8 | low);
  }

  void TakeUnit(uint32_t unit) {
    const bool leads = unit >= 0xd800 && unit < 0xdc00;
    const bool trails = unit >= 0xdc00 && unit < 0xe000;
    const uint32_t lead = std::exchange(lead_, leads ? unit : 0);
    if (lead != 0 && trails) return Append(0x10000 + ((lead - 0xd800) << 10) + (unit - 0xdc00));
    if (lead != 0) Append(0xfffd);
    if (!leads) Append(trails ? 0xfffd : unit);
  }

  void Append(uint32_t point) {
    if (point < 0x80) {
      text_ += static_cast<char>(point);
      return;
    }
    const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;  // bytes behind the first
    constexpr uint32_t kFirst[] = {0, 0xc0, 0xe0, 0xf0};
    text_ += static_cast<char>(kFirst[more] | point >> (6 * more));
    for (int i = more - 1; i >= 0; --i) {
      text_ += static_cast<char>(0x80 | (point >> (6 * i) & 0x3f));
    }
  }

  Block block_;
  const bool big_endian_;
  std::optional<uint8_t> first_;  // of a unit's two bytes
  uint32_t lead_ = 0;             // the first of two surrogates; 0: none
  std::string text_;
  size_t at_ = 0;
};

Status Damaged(const std::string& path, const char* what) {
  return absl::DataLossError(fmt::format("read {}: {}", path, what));
}

class Gzip final : public ByteSource {
 public:
  Gzip(Block block, std::string path) : block_(std::move(block)), path_(std::move(path)) {
    // 32: by gzip's or zlib's own header.
    ready_ = inflateInit2(&stream_, MAX_WBITS + 32) == Z_OK;
  }
  ~Gzip() override { inflateEnd(&stream_); }

  StatusOr<size_t> Read(std::span<char> to) override {
    if (!ready_) return absl::ResourceExhaustedError("read " + path_ + ": no memory for zlib");
    stream_.next_out = reinterpret_cast<Bytef*>(to.data());
    stream_.avail_out = static_cast<uInt>(to.size());
    while (stream_.avail_out == to.size()) {
      const auto rest = block_.Rest();
      if (!rest.ok()) return rest.status();
      if (rest->empty() && !within_member_) return 0;
      if (rest->empty()) return Damaged(path_, "the compressed part ends too early");
      const Status inflated = Inflate(*rest);
      if (!inflated.ok()) return inflated;
    }
    return to.size() - stream_.avail_out;
  }

 private:
  Status Inflate(std::string_view rest) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest.data()));
    stream_.avail_in = static_cast<uInt>(rest.size());
    const int result = inflate(&stream_, Z_NO_FLUSH);
    block_.Take(rest.size() - stream_.avail_in);
    within_member_ = result != Z_STREAM_END;
    if (result == Z_STREAM_END) inflateReset(&stream_);  // another member may follow
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR
               ? absl::OkStatus()
               : Damaged(path_, "the compressed part is damaged");
  }

  Block block_;
  const std::string path_;
  z_stream stream_{};
  bool ready_ = false;
  bool within_member_ = true;
};

class Zstd final : public ByteSource {
 public:
  Zstd(Block block, std::string path)
      : block_(std::move(block)), path_(std::move(path)), context_(ZSTD_createDCtx()) {}
  ~Zstd() override { ZSTD_freeDCtx(context_); }

  StatusOr<size_t> Read(std::span<char> to) override {
    ZSTD_outBuffer out{to.data(), to.size(), 0};
    while (out.pos == 0) {
      const auto rest = block_.Rest();
      if (!rest.ok()) return rest.status();
      if (rest->empty() && !within_frame_) return 0;
      if (rest->empty()) return Damaged(path_, "the compressed part ends too early");
      ZSTD_inBuffer in{rest->data(), rest->size(), 0};
      const size_t result = ZSTD_decompressStream(context_, &out, &in);
      block_.Take(in.pos);
      if (ZSTD_isError(result) != 0) return Damaged(path_, ZSTD_getErrorName(result));
      within_frame_ = result != 0;
    }
    return out.pos;
  }

 private:
  Block block_;
  const std::string path_;
  ZSTD_DCtx* const context_;
  bool within_frame_ = true;
};

Status CannotOpen(const std::string& path, int error) {
  const std::string message = fmt::format("open {}: {}", path, std::strerror(error));
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(message);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

StatusOr<int> Open(const std::string& path) {
  if (path == "-") return STDIN_FILENO;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return CannotOpen(path, errno);
  struct stat is {};
  if (fstat(fd, &is) == 0 && !S_ISDIR(is.st_mode)) return fd;
  close(fd);
  return absl::InvalidArgumentError(fmt::format("open {}: is a directory", path));
}

// The first bytes, as many as the longest magic number has where there are so many.
StatusOr<std::string> Begin(ByteSource& source) {
  std::string out;
  while (out.size() < kZstdMagic.size()) {
    char bytes[8];
    const auto count = source.Read(bytes);
    if (!count.ok()) return count.status();
    if (*count == 0) break;
    out.append(bytes, *count);
  }
  return out;
}

}  // namespace

StatusOr<std::unique_ptr<ByteSource>> OpenBytes(const std::string& path) {
  const auto fd = Open(path);
  if (!fd.ok()) return fd.status();
  const std::string shown = path == "-" ? "standard input" : path;
  auto source = std::make_unique<Descriptor>(*fd, shown);
  auto begin = Begin(*source);
  if (!begin.ok()) return begin.status();
  const bool gzip = begin->starts_with(kGzipMagic);
  const bool zstd = begin->starts_with(kZstdMagic);
  const bool utf16_big = begin->starts_with(kUtf16Big);
  const bool utf16 = utf16_big || begin->starts_with(kUtf16Little);
  Block block(std::move(source), *std::move(begin));
  if (gzip) return std::make_unique<Gzip>(std::move(block), shown);
  if (zstd) return std::make_unique<Zstd>(std::move(block), shown);
  if (utf16) {
    block.Take(kUtf16Big.size());
    return std::make_unique<Utf16>(std::move(block), utf16_big);
  }
  return std::make_unique<Plain>(std::move(block));
}

}  // namespace traffictap::replay
