// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/compress.h"

#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "fmt/format.h"

namespace traffictap::sinks {
namespace {

Status WriteAll(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t done = write(fd, bytes, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return absl::UnavailableError(fmt::format("compress: {}", std::strerror(errno)));
    bytes += done;
    size -= static_cast<size_t>(done);
  }
  return absl::OkStatus();
}

Status Gzip(int from, int to) {
  const gzFile out = gzdopen(dup(to), "wb");
  if (out == nullptr) return absl::UnavailableError("compress: out of memory");
  std::string block(1 << 16, '\0');
  ssize_t size = 0;
  bool ok = true;
  while (ok && (size = read(from, block.data(), block.size())) > 0) {
    ok = gzwrite(out, block.data(), static_cast<unsigned>(size)) == size;
  }
  ok = gzclose(out) == Z_OK && ok && size == 0;
  return ok ? absl::OkStatus() : absl::UnavailableError("compress: cannot write gzip");
}

Status Zstd(int from, int to) {
  const std::unique_ptr<ZSTD_CStream, size_t (*)(ZSTD_CStream*)> stream(ZSTD_createCStream(),
                                                                        ZSTD_freeCStream);
  std::string in_block(ZSTD_CStreamInSize(), '\0');
  std::string out_block(ZSTD_CStreamOutSize(), '\0');
  for (bool ended = false; !ended;) {
    const ssize_t size = read(from, in_block.data(), in_block.size());
    if (size < 0) return absl::UnavailableError(fmt::format("compress: {}", std::strerror(errno)));
    ZSTD_inBuffer in{in_block.data(), static_cast<size_t>(size), 0};
    const auto mode = size == 0 ? ZSTD_e_end : ZSTD_e_continue;
    bool drained = false;
    while (!drained) {
      ZSTD_outBuffer out{out_block.data(), out_block.size(), 0};
      const size_t left = ZSTD_compressStream2(stream.get(), &out, &in, mode);
      if (ZSTD_isError(left)) return absl::UnavailableError(ZSTD_getErrorName(left));
      TT_RETURN_IF_ERROR(WriteAll(to, out_block.data(), out.pos));
      drained = size == 0 ? left == 0 : in.pos == in.size;
    }
    ended = size == 0;
  }
  return absl::OkStatus();
}

}  // namespace

const char* Extension(tap::Compression compression) {
  switch (compression) {
    case tap::Compression::kGzip: return ".gz";
    case tap::Compression::kZstd: return ".zst";
    case tap::Compression::kNone: break;
  }
  return "";
}

Status Compress(tap::Compression compression, int from, int to) {
  return compression == tap::Compression::kGzip ? Gzip(from, to) : Zstd(from, to);
}

}  // namespace traffictap::sinks
