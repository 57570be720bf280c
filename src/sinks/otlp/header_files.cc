// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/header_files.h"

#include <algorithm>

#include "base/text_file.h"
#include "fmt/format.h"

namespace traffictap::sinks {
namespace {

constexpr size_t kValueBytesMax = 16 * 1024;

StatusOr<std::string> ReadValue(const tap::OtlpHeader& header) {
  const auto fault = [&](const char* cause) {
    return absl::FailedPreconditionError(fmt::format("otlp: read header \"{}\" from \"{}\": {}",
                                                     header.name, header.value_file, cause));
  };
  const auto text = base::ReadTextFile(header.value_file, kValueBytesMax, base::kLineEnds);
  if (absl::IsNotFound(text.status()) || absl::IsPermissionDenied(text.status())) {
    return fault("no such file, or no right to");
  }
  const auto printable = [](unsigned char c) { return c >= 0x20 && c < 0x7f; };
  if (!text.ok() || !std::all_of(text->begin(), text->end(), printable)) {
    return fault("not a header value: it must be one line of printable ASCII");
  }
  if (text->empty()) return fault("it is empty");
  return text;
}

}  // namespace

StatusOr<std::vector<std::pair<std::string, std::string>>> ReadHeaders(
    const std::vector<tap::OtlpHeader>& headers) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const tap::OtlpHeader& header : headers) {
    auto value = ReadValue(header);
    if (!value.ok()) return value.status();
    out.emplace_back(header.name, *std::move(value));
  }
  return out;
}

}  // namespace traffictap::sinks
