// SPDX-License-Identifier: Apache-2.0

// Any lines NAME=VALUE as a reader's filter: refused with a reason, or applied to records.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "observe/record_filter.h"
#include "traffic/sample_entries.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace traffictap;  // NOLINT: the whole product is under test
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::vector<observe::Parameter> parameters;
  while (!text.empty() && parameters.size() < 16) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    parameters.push_back(
        {std::string(line.substr(0, equals)), std::string(line.substr(equals + 1))});
  }
  const auto filter = observe::RecordFilter::Parse(parameters);
  if (!filter.ok()) {
    TT_CHECK(absl::IsInvalidArgument(filter.status()) && !Message(filter.status()).empty());
    return 0;
  }
  static const auto kClient = traffic::FullEntry(traffic::Reporter::kSource);
  static const auto kServer = traffic::FullEntry(traffic::Reporter::kDestination);
  for (const auto* client : {&kClient, static_cast<const traffic::SampleEntry*>(nullptr)}) {
    const traffic::SamplePair sample(client, {&kServer});
    const bool matches = (*filter)->Matches(sample.pair);
    TT_CHECK(!(*filter)->empty() || matches);
  }
  return 0;
}
