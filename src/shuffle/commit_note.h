// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace traffictap::shuffle {

// What the owners of a partition leave to the next one in case that they die of one of its blocks. A
// checkpoint ends it: nobody died of what was before, and it remembers itself what was skipped.
struct CrashGuard {
  static constexpr int64_t kNone = -1;
  // From this owner on each block is named before it is taken.
  static constexpr uint32_t kCarefulFrom = 3;
  // That are remembered here; beyond: the first are tried again.
  static constexpr size_t kSkippedMax = 64;

  uint32_t takeovers = 0;        // since the last checkpoint
  int64_t in_hand = kNone;       // the offset of the block that was named last, and may be the one
  std::vector<int64_t> skipped;  // offsets of blocks that nobody reads again, ascending

  bool careful() const { return takeovers >= kCarefulFrom; }
  // What the next owner begins with, and says in a commit before it reads anything. The block that was in
  // hand is skipped, and owners are counted anew: another one is skipped only if as many die again.
  CrashGuard Next() const;
  friend bool operator==(const CrashGuard&, const CrashGuard&) = default;
};

// What stands in the group's commit of a partition beside the offset.
struct CommitNote {
  int64_t checkpoint = CrashGuard::kNone;  // its offset in the topic of checkpoints; none yet
  CrashGuard guard;
  friend bool operator==(const CommitNote&, const CommitNote&) = default;
};

// Text, as librdkafka before 2.6.1 cuts it at a zero byte.
std::string Encode(const CommitNote& note);
// Any text is safe. kDataLoss: another program's.
StatusOr<CommitNote> DecodeCommitNote(std::string_view metadata);

}  // namespace traffictap::shuffle
