// SPDX-License-Identifier: Apache-2.0
#include "collector/tap_cache.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>

#include "fakes/captured_log.h"
#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

using collector::ReadTapCache;
using collector::TapCache;
using collector::WriteTapCache;

v1::DiscoverySnapshot Snapshot(const std::string& version) {
  v1::DiscoverySnapshot out;
  out.set_version(version);
  for (const char* name : {"shop/a", "shop/b", "bank/c"}) {
    auto* tap = out.add_taps();
    tap->set_tap(name);
    tap->set_document("{}");
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tap_cache)

BOOST_AUTO_TEST_CASE(gives_back_what_was_kept_last) {
  fakes::TempDir dir;
  const std::string path = dir / "taps";
  {
    TapCache cache(path);
    BOOST_TEST(absl::IsNotFound(cache.Load().status()));
    for (const char* version : {"1", "2", "3"}) cache.Keep(Snapshot(version));
  }
  const auto kept = TapCache(path).Load();
  BOOST_REQUIRE(kept.ok());
  BOOST_TEST(kept->version() == "3");
  BOOST_TEST(kept->taps_size() == 3);
  BOOST_TEST(!std::filesystem::exists(path + ".part"));
}

// As protobuf alone, the empty file and those cut behind a field were snapshots with fewer taps.
BOOST_AUTO_TEST_CASE(a_file_cut_anywhere_is_no_snapshot) {
  const std::string whole = WriteTapCache(Snapshot("7"));
  BOOST_TEST(ReadTapCache(whole).value().version() == "7");
  for (size_t size = 0; size < whole.size(); ++size) {
    BOOST_TEST(absl::IsDataLoss(ReadTapCache(whole.substr(0, size)).status()), size);
  }
  BOOST_TEST(absl::IsDataLoss(ReadTapCache(whole + '\0').status()));
}

BOOST_AUTO_TEST_CASE(a_file_with_any_byte_altered_is_no_snapshot) {
  const std::string whole = WriteTapCache(Snapshot("7"));
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string altered = whole;
    altered[at] = static_cast<char>(altered[at] ^ 0x40);
    BOOST_TEST(absl::IsDataLoss(ReadTapCache(altered).status()), at);
  }
  // What a disk leaves that knew the length but not the bytes.
  BOOST_TEST(absl::IsDataLoss(ReadTapCache(std::string(whole.size(), '\0')).status()));
}

BOOST_AUTO_TEST_CASE(a_snapshot_without_a_version_and_a_file_of_a_former_form_are_refused) {
  BOOST_TEST(absl::IsDataLoss(ReadTapCache(WriteTapCache(Snapshot(""))).status()));
  BOOST_TEST(absl::IsDataLoss(ReadTapCache(WriteTapCache({})).status()));
  BOOST_TEST(absl::IsDataLoss(ReadTapCache(Snapshot("7").SerializeAsString()).status()));
}

BOOST_AUTO_TEST_CASE(a_torn_file_says_what_is_wrong_and_is_replaced_by_the_next_snapshot) {
  fakes::TempDir dir;
  const std::string path = dir / "taps";
  const std::string whole = WriteTapCache(Snapshot("7"));
  dir.Write("taps", whole.substr(0, whole.size() - 3));
  {
    TapCache cache(path);
    const auto torn = cache.Load().status();
    BOOST_TEST(absl::IsDataLoss(torn));
    BOOST_TEST(Message(torn).find("bytes of") != std::string::npos);
    cache.Keep(Snapshot("8"));
  }
  BOOST_TEST((dir.Read("taps") == WriteTapCache(Snapshot("8"))));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_is_logged_and_leaves_the_former_file) {
  fakes::TempDir dir;
  const std::string path = dir / "taps";
  dir.Write("taps", WriteTapCache(Snapshot("7")));
  std::filesystem::create_directory(path + ".part");
  fakes::CapturedLog log("taps");
  { TapCache(path).Keep(Snapshot("8")); }
  BOOST_TEST(log.Lines("taps not kept for a restart").size() == 1u);
  BOOST_TEST(TapCache(path).Load().value().version() == "7");
}

// A FIFO that nobody reads blocks the writer as a volume does that hangs.
BOOST_AUTO_TEST_CASE(a_disk_that_hangs_holds_up_neither_its_caller_nor_the_end) {
  fakes::TempDir dir;
  const std::string path = dir / "taps";
  BOOST_REQUIRE(mkfifo((path + ".part").c_str(), 0600) == 0);
  const auto begin = std::chrono::steady_clock::now();
  {
    TapCache cache(path);
    for (int i = 0; i < 100; ++i) cache.Keep(Snapshot("8"));
  }
  BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(10)));
  dir.Read("taps.part");  // lets the thread go
}

BOOST_AUTO_TEST_CASE(without_a_path_nothing_is_kept) {
  TapCache cache("");
  cache.Keep(Snapshot("7"));
  BOOST_TEST(absl::IsNotFound(cache.Load().status()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
