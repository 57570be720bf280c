// SPDX-License-Identifier: Apache-2.0

// The cache of taps, killed, or with a disk that fails once, at each single call by which it changes
// files.
#include <atomic>
#include <boost/test/unit_test.hpp>

#include "collector/tap_cache.h"
#include "fakes/every_call.h"

namespace traffictap {

using collector::TapCache;
using fakes::FileFault;

namespace {

constexpr int kVersions = 3;

struct Told {
  std::atomic<int> kept{0};  // the newest version that was on disk for sure
};

void Live(const fakes::TempDir& directory, Told* told) {
  const std::string path = directory / "taps";
  for (int version = 1; version <= kVersions; ++version) {
    {
      TapCache cache(path);
      v1::DiscoverySnapshot snapshot;
      snapshot.set_version(std::to_string(version));
      cache.Keep(snapshot);
    }
    const auto kept = TapCache(path).Load();
    if (kept.ok()) told->kept = std::stoi(kept->version());
  }
}

void Check(const fakes::ChildEnd& end, const fakes::TempDir& directory, Told* told) {
  const auto loaded = TapCache(directory / "taps").Load();
  BOOST_TEST_CONTEXT("kept " << told->kept) {
    BOOST_TEST((loaded.ok() || (told->kept == 0 && absl::IsNotFound(loaded.status()))));
    if (loaded.ok()) BOOST_TEST(std::stoi(loaded->version()) >= told->kept);
    // One failure costs one version, at most.
    if (end.well) BOOST_TEST(told->kept >= kVersions - 1);
  }
}

int AtEveryCall(const FileFault& fault) { return fakes::AtEveryCall<Told>(fault, Live, Check); }

}  // namespace

BOOST_AUTO_TEST_SUITE(tap_cache_crash)

BOOST_AUTO_TEST_CASE(a_kill_at_any_call_leaves_a_whole_snapshot_and_never_an_older_one) {
  BOOST_TEST(AtEveryCall({.kind = FileFault::Kind::kKilled}) >= 4 * kVersions);
  BOOST_TEST(AtEveryCall({.kind = FileFault::Kind::kTorn}) >= 4 * kVersions);
}

BOOST_AUTO_TEST_CASE(a_disk_that_fails_once_at_any_call_leaves_a_whole_snapshot) {
  for (const int error : {EIO, ENOSPC}) {
    BOOST_TEST(AtEveryCall({.kind = FileFault::Kind::kFails, .error = error}) >= 4 * kVersions);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
