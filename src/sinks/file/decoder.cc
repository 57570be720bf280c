// SPDX-License-Identifier: Apache-2.0

// A file may be one that a crash cut off: its end is an end of data only where a frame (zstd) or a
// member (gzip) ends as well, of which a file may have several. A plain file has no such mark.
#include "sinks/file/decoder.h"

#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "fmt/format.h"
#include "sinks/file/compress.h"

namespace traffictap::sinks {
namespace {

StatusOr<size_t> ReadSome(int fd, std::span<char> to) {
  ssize_t count = 0;
  do {
    count = read(fd, to.data(), to.size());
  } while (count < 0 && errno == EINTR);
  if (count >= 0) return static_cast<size_t>(count);
  return absl::UnavailableError(fmt::format("read record file: {}", std::strerror(errno)));
}

class PlainDecoder final : public Decoder {
 public:
  explicit PlainDecoder(int fd) : fd_(fd) {}
  StatusOr<size_t> Read(std::span<char> to) override { return ReadSome(fd_, to); }

 private:
  const int fd_;
};

class GzipDecoder final : public Decoder {
 public:
  explicit GzipDecoder(int fd) : file_(gzdopen(dup(fd), "rb")) {}
  ~GzipDecoder() override {
    if (file_ != nullptr) gzclose(file_);
  }

  StatusOr<size_t> Read(std::span<char> to) override {
    if (file_ == nullptr) return absl::UnavailableError("read record file: out of memory");
    const int count = gzread(file_, to.data(), static_cast<unsigned>(to.size()));
    int error = Z_OK;
    gzerror(file_, &error);
    if (count > 0 || (count == 0 && error != Z_BUF_ERROR)) return static_cast<size_t>(count);
    return absl::DataLossError("read record file: the gzip data is damaged or cut off");
  }

 private:
  const gzFile file_;
};

class ZstdDecoder final : public Decoder {
 public:
  explicit ZstdDecoder(int fd)
      : fd_(fd),
        stream_(ZSTD_createDStream(), ZSTD_freeDStream),
        block_(ZSTD_DStreamInSize(), '\0') {}

  StatusOr<size_t> Read(std::span<char> to) override {
    ZSTD_outBuffer out{to.data(), to.size(), 0};
    while (out.pos == 0) {
      if (in_.pos == in_.size) {
        const auto count = ReadSome(fd_, block_);
        if (!count.ok()) return count.status();
        if (*count == 0 && !within_frame_) return 0;
        if (*count == 0) return absl::DataLossError("read record file: the zstd data is cut off");
        in_ = {block_.data(), *count, 0};
      }
      const size_t left = ZSTD_decompressStream(stream_.get(), &out, &in_);
      if (ZSTD_isError(left) != 0) {
        return absl::DataLossError(
            fmt::format("read record file: the zstd data is damaged: {}", ZSTD_getErrorName(left)));
      }
      within_frame_ = left != 0;
    }
    return out.pos;
  }

 private:
  const int fd_;
  const std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream_;
  std::string block_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool within_frame_ = false;
};

}  // namespace

std::unique_ptr<Decoder> MakeDecoder(tap::Compression compression, int fd) {
  switch (compression) {
    case tap::Compression::kGzip: return std::make_unique<GzipDecoder>(fd);
    case tap::Compression::kZstd: return std::make_unique<ZstdDecoder>(fd);
    case tap::Compression::kNone: break;
  }
  return std::make_unique<PlainDecoder>(fd);
}

tap::Compression CompressionOf(std::string_view file) {
  for (const auto compression : {tap::Compression::kGzip, tap::Compression::kZstd}) {
    if (file.ends_with(Extension(compression))) return compression;
  }
  return tap::Compression::kNone;
}

}  // namespace traffictap::sinks
