// SPDX-License-Identifier: Apache-2.0

// Any bytes as what a crash left of a spool: a segment, its ledger, the records of a block. Nothing breaks, every record is
// accounted for, and what is appended afterwards comes out.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/crc32c.h"
#include "base/status.h"
#include "fakes/manual_clock.h"
#include "fakes/memory_disk.h"
#include "fmt/format.h"
#include "sinks/spool/spool.h"
#include "traffic/record_codec.h"

namespace traffictap {
namespace {

void CheckRecords(std::string_view bytes) {
  std::shared_ptr<traffic::RecordBatch> batch;
  if (!traffic::DecodeRecords(bytes, &batch).ok()) {
    TT_CHECK(batch == nullptr);
    return;
  }
  for (size_t i = 0; i < batch->size(); ++i) TT_CHECK(batch->json_line(i).back() == '\n');
  // As they are written now, they are read again.
  const auto again = traffic::EncodeRecords({batch, {}}, 0, batch->size());
  std::shared_ptr<traffic::RecordBatch> back;
  TT_CHECK(traffic::DecodeRecords(again, &back).ok() && back->size() == batch->size());
}

void CheckSpool(fakes::MemoryDirectory directory) {
  fakes::ManualClock clock;
  sinks::SpoolOptions options;
  options.clock = &clock;
  sinks::Spool spool(std::make_unique<fakes::MemoryDisk>(&directory), options);
  TT_CHECK(spool.Open().ok());
  TT_CHECK(spool.Append("last", 1).ok());
  std::string last;
  for (;;) {
    const auto block = spool.Read();
    TT_CHECK(block.ok());
    if (!*block) break;
    last = (*block)->bytes;
    CheckRecords(last);
    TT_CHECK(spool.Ack((*block)->end).ok());
  }
  TT_CHECK(last == "last");
  const auto c = spool.counters();
  TT_CHECK(c.held == 0);
  TT_CHECK(c.recovered + c.appended == c.acked + c.full + c.expired + c.damaged);
}

}  // namespace
}  // namespace traffictap

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace traffictap;  // NOLINT: the whole product is under test
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  CheckRecords(text);
  constexpr const char* kSegment = "0000000000000001.segment";
  CheckSpool({.files = {{kSegment, text}}});
  // Behind checksums that fit: those are not what keeps a reader safe.
  CheckSpool({.files = {{kSegment, sinks::MakeBlock(text, 3, 0) + text}}});
  const std::string ledger = "traffictap spool 1\n" + text;
  CheckSpool({.files = {{kSegment, sinks::MakeBlock("x", 3, 0)},
                        {"ledger", ledger + fmt::format("crc {:08x}\n", base::Crc32c(ledger))}}});
  return 0;
}
