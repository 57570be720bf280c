// SPDX-License-Identifier: Apache-2.0

// Any bytes as a file of records: read, made into entries again, and written as lines that are read
// again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "replay/json_texts.h"
#include "replay/record_entries.h"
#include "traffic/pair_json.h"
#include "traffic/read_pair.h"

namespace traffictap {
namespace {

class Bytes final : public replay::ByteSource {
 public:
  explicit Bytes(std::string_view bytes) : left_(bytes) {}
  StatusOr<size_t> Read(std::span<char> to) override {
    const size_t size = std::min({to.size(), left_.size(), size_t{1000}});
    std::copy_n(left_.begin(), size, to.begin());
    left_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view left_;
};

void CheckText(std::string_view text, replay::EntryMaker* maker) {
  const auto record = traffic::ReadPair(text);
  if (!record.ok()) {
    TT_CHECK(absl::IsInvalidArgument(record.status()));
    return;
  }
  const auto entries = maker->Make(*record);
  if (entries.pair.client == nullptr && entries.servers.empty()) return;
  std::string written;
  traffic::AppendRecordJson(record->id(), record->tap(), entries.pair, &written);
  TT_CHECK(traffic::ReadPair(written).ok());
}

}  // namespace
}  // namespace traffictap

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace traffictap;  // NOLINT: the whole product is under test
  replay::JsonTexts texts(
      std::make_unique<Bytes>(std::string_view(reinterpret_cast<const char*>(bytes), size)));
  replay::EntryMaker maker;
  std::string_view text;
  for (;;) {
    const auto next = texts.Next(&text);
    TT_CHECK(next.ok());
    if (!*next) break;
    CheckText(text, &maker);
  }
  TT_CHECK(maker.node_bytes() <= replay::EntryMaker::kNodeBytesMax);
  return 0;
}
