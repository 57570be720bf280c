// SPDX-License-Identifier: Apache-2.0

// Any bytes as what an API server answers to a watch or a list, in pieces of any size.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/status.h"
#include "kube/line_splitter.h"
#include "kube/list_page.h"
#include "kube/wire.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace traffictap;  // NOLINT: the whole product is under test
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const size_t piece = bytes[0] + 1;
  std::string whole;
  kube::LineSplitter lines(4096);
  const auto on_line = [&](const std::string& line) -> Status {
    TT_CHECK(!line.empty() && line.size() <= 4096 && line.find('\n') == std::string::npos);
    whole += line;
    const auto event = kube::ParseWatchEvent(line, kube::kPods);
    if (!event.ok()) return absl::OkStatus();
    const auto& object = event->object;
    object.key();
    object.Serialize();
    return absl::OkStatus();
  };
  for (size_t at = 0; at < text.size(); at += piece) {
    if (!lines.Feed(std::string_view(text).substr(at, piece), on_line).ok()) break;
  }
  TT_CHECK(whole.size() <= text.size());
  size_t items = 0;
  const auto page = kube::ParseListPage(text, kube::kPods, [&](kube::Object object) {
    ++items;
    object.key();
  });
  TT_CHECK(page.ok() || !Message(page.status()).empty());
  return 0;
}
