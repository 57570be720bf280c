// SPDX-License-Identifier: Apache-2.0

// Any bytes as a cache of taps: a snapshot that was kept whole, or an error that says what is wrong.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/crc32c.h"
#include "base/status.h"
#include "collector/snapshot_reader.h"
#include "collector/tap_cache.h"

namespace traffictap {
namespace {

void CheckRead(std::string_view bytes) {
  const auto read = collector::ReadTapCache(bytes);
  if (!read.ok()) {
    TT_CHECK(absl::IsDataLoss(read.status()) && !Message(read.status()).empty());
    return;
  }
  TT_CHECK(!read->version().empty());
  TT_CHECK(collector::ReadTapCache(collector::WriteTapCache(*read)).ok());
  collector::SnapshotReader reader;
  const auto reading = reader.Read(*read);
  for (const auto& fault : reading.faults) TT_CHECK(!fault.status.ok());
}

}  // namespace
}  // namespace traffictap

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace traffictap;  // NOLINT: the whole product is under test
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  CheckRead(text);
  // Behind a head that fits: a checksum is not what keeps a parser safe.
  const uint32_t crc = base::Crc32c(text);
  std::string whole = "TTTAPS1\n";
  for (int i = 0; i < 4; ++i) whole.push_back(static_cast<char>(crc >> (8 * i)));
  for (int i = 0; i < 8; ++i) whole.push_back(static_cast<char>(uint64_t{size} >> (8 * i)));
  CheckRead(whole.append(text));
  return 0;
}
