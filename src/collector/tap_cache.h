// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "traffictap/v1/tap_discovery.pb.h"

namespace traffictap::collector {

// The bytes of a cache file: "TTTAPS1\n", the CRC-32C of the snapshot (4 bytes) and its length (8),
// both little-endian, and the snapshot (traffictap.v1.DiscoverySnapshot).
std::string WriteTapCache(const v1::DiscoverySnapshot& snapshot);
// kDataLoss: not one of ours, torn or altered, or without a version; the message says which.
StatusOr<v1::DiscoverySnapshot> ReadTapCache(std::string_view bytes);

// Keeps the operator's last snapshot in a file over a restart. Used by one thread.
class TapCache {
 public:
  // An empty path keeps nothing.
  explicit TapCache(std::string path);
  // Waits a moment for what is being written, but not for a disk that hangs.
  ~TapCache();

  // What was kept. kNotFound: no file yet; kUnavailable: it cannot be read; kDataLoss: as above.
  StatusOr<v1::DiscoverySnapshot> Load() const;

  // Returns at once; of snapshots that follow each other faster than the disk the last one is kept.
  // On disk is always a whole snapshot, the new one or the former. A failure is logged.
  void Keep(const v1::DiscoverySnapshot& snapshot);

 private:
  struct Writer;
  const std::string path_;
  std::shared_ptr<Writer> writer_;  // null: nothing is kept
};

}  // namespace traffictap::collector
