// SPDX-License-Identifier: Apache-2.0

// Any bytes as a pairer's checkpoint, with a checksum that fits too, and as the text of a commit. Nothing breaks, and what is
// read is read again as it was once it is written anew.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/crc32c.h"
#include "base/status.h"
#include "shuffle/checkpoint.h"
#include "shuffle/commit_note.h"
#include "traffic/byte_codec.h"

namespace traffictap::shuffle {
namespace {

void Check(std::string_view bytes) {
  const auto read = DecodeCheckpoint(bytes);
  if (!read.ok()) {
    TT_CHECK(!Message(read.status()).empty());
    return;
  }
  const auto back = DecodeCheckpoint(Encode(*read));
  TT_CHECK(back.ok() && back->next_offset == read->next_offset);
  TT_CHECK(back->clock == read->clock && back->sequences == read->sequences);
  TT_CHECK(back->counters == read->counters && back->skipped == read->skipped);
  TT_CHECK(back->waiting.size() == read->waiting.size());
  for (size_t i = 0; i < back->waiting.size(); ++i) {
    TT_CHECK(back->waiting[i].position == read->waiting[i].position);
    TT_CHECK(back->waiting[i].arrival == read->waiting[i].arrival);
  }
}

}  // namespace
}  // namespace traffictap::shuffle

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace traffictap;  // NOLINT: the whole product is under test
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  shuffle::Check(text);
  traffic::ByteWriter checksum;
  checksum.Fixed(base::Crc32c(text), 4);
  shuffle::Check(checksum.Take().append(text));
  if (const auto note = shuffle::DecodeCommitNote(text); note.ok()) {
    const auto again = shuffle::DecodeCommitNote(shuffle::Encode(*note));
    TT_CHECK(again.ok() && *again == *note);
  }
  return 0;
}
