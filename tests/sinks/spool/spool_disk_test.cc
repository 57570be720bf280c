// SPDX-License-Identifier: Apache-2.0
#include "sinks/spool/spool_disk.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "fakes/temp_dir.h"

namespace traffictap {

namespace {

mode_t ModeOf(const std::string& path) {
  struct stat found {};
  BOOST_REQUIRE(stat(path.c_str(), &found) == 0);
  return found.st_mode & 0777;
}

}  // namespace

struct SpoolDiskTest {
  std::unique_ptr<sinks::SpoolDisk> Make(const std::string& path = "shop/tap/kafka") {
    return sinks::MakeSpoolDisk(dir.path().string(), path);
  }
  fakes::TempDir dir;
};

BOOST_FIXTURE_TEST_SUITE(spool_disk, SpoolDiskTest)

BOOST_AUTO_TEST_CASE(what_is_written_at_a_place_is_read_there_by_the_next_process_too) {
  auto disk = Make();
  BOOST_REQUIRE(disk->Open().ok());
  BOOST_TEST(disk->Write("a", 0, "0123456789").ok());
  BOOST_TEST(disk->Write("a", 3, "xyz").ok());
  BOOST_TEST(disk->Sync("a").ok());
  BOOST_TEST(*disk->Read("a", 2, 5) == "2xyz6");
  BOOST_TEST(*disk->Read("a", 8, 5) == "89");
  BOOST_TEST(disk->Read("a", 20, 5)->empty());
  BOOST_TEST(*disk->Size("a") == 10u);
  disk = Make();
  BOOST_REQUIRE(disk->Open().ok());
  BOOST_TEST(*disk->Read("a", 0, 4) == "012x");
}

BOOST_AUTO_TEST_CASE(a_file_is_replaced_as_a_whole_and_removed) {
  auto disk = Make();
  BOOST_REQUIRE(disk->Open().ok());
  BOOST_TEST(disk->Replace("ledger", "one, and long").ok());
  BOOST_TEST(disk->Replace("ledger", "two").ok());
  BOOST_TEST(*disk->Read("ledger", 0, 100) == "two");
  BOOST_TEST(disk->Remove("ledger").ok());
  BOOST_TEST(disk->Remove("ledger").ok());
  BOOST_TEST(!disk->Size("ledger").ok());
}

BOOST_AUTO_TEST_CASE(nobody_else_can_read_what_is_kept) {
  umask(022);
  auto disk = Make();
  BOOST_REQUIRE(disk->Open().ok());
  BOOST_TEST(disk->Write("a", 0, "secret").ok());
  BOOST_TEST(disk->Replace("ledger", "x").ok());
  for (const char* name : {"shop", "shop/tap", "shop/tap/kafka"}) {
    BOOST_TEST(ModeOf(dir / name) == 0700u, name);
  }
  for (const char* name : {"a", "ledger", "lock", "reserve"}) {
    BOOST_TEST(ModeOf(dir / ("shop/tap/kafka/" + std::string(name))) == 0600u, name);
  }
}

BOOST_AUTO_TEST_CASE(of_two_the_second_waits_until_the_first_lets_go) {
  auto first = Make();
  auto second = Make();
  BOOST_REQUIRE(first->Open().ok());
  const Status refused = second->Open();
  BOOST_TEST(refused.code() == absl::StatusCode::kUnavailable);
  BOOST_TEST(Message(refused).find("in use") != std::string::npos);
  first->Close(false);
  BOOST_TEST(second->Open().ok());
}

BOOST_AUTO_TEST_CASE(a_link_leads_nowhere) {
  std::filesystem::create_directory(dir / "elsewhere");
  std::filesystem::create_directory_symlink(dir / "elsewhere", dir / "shop");
  BOOST_TEST(!Make()->Open().ok());
  BOOST_TEST(dir.Names("elsewhere").empty());
}

BOOST_AUTO_TEST_CASE(a_root_that_is_missing_is_named_and_worth_a_retry) {
  auto disk = sinks::MakeSpoolDisk(dir / "missing", "shop/tap/kafka");
  const Status refused = disk->Open();
  BOOST_TEST(refused.code() == absl::StatusCode::kUnavailable);
  BOOST_TEST(Message(refused).find(dir / "missing") != std::string::npos);
  std::filesystem::create_directory(dir / "missing");
  BOOST_TEST(disk->Open().ok());
}

BOOST_AUTO_TEST_CASE(removed_it_takes_the_empty_directories_above_along_and_no_others) {
  auto disk = Make();
  auto other = Make("shop/other/kafka");
  BOOST_REQUIRE(disk->Open().ok());
  BOOST_REQUIRE(other->Open().ok());
  BOOST_TEST(disk->Write("a", 0, "x").ok());
  disk->Close(true);
  BOOST_TEST(dir.Names("shop") == std::vector<std::string>{"other"},
             boost::test_tools::per_element());
  other->Close(true);
  BOOST_TEST(dir.Names().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
