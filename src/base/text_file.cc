// SPDX-License-Identifier: Apache-2.0
#include "base/text_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "fmt/format.h"

namespace traffictap::base {

StatusOr<std::string> ReadTextFile(const std::string& path, size_t bytes_max,
                                   std::string_view strip) {
  std::error_code error;
  const auto kind = std::filesystem::status(path, error).type();
  if (kind == std::filesystem::file_type::not_found) {
    return absl::NotFoundError(fmt::format("read {}: no such file", path));
  }
  if (kind == std::filesystem::file_type::directory) {
    return absl::InvalidArgumentError(fmt::format("read {}: is a folder", path));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::PermissionDeniedError(fmt::format("read {}: {}", path, std::strerror(errno)));
  }
  std::string text(bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > bytes_max) {
    return absl::InvalidArgumentError(
        fmt::format("read {}: larger than {} bytes", path, bytes_max));
  }
  const size_t end = text.find_last_not_of(strip);
  text.resize(end == std::string::npos ? 0 : end + 1);
  return text;
}

}  // namespace traffictap::base
