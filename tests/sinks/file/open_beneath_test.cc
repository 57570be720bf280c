// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/open_beneath.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"
#include "fakes/record_ledger.h"
#include "fakes/temp_dir.h"
#include "sinks/file/file_writer.h"

namespace traffictap {

struct OpenBeneathTest {
  OpenBeneathTest() {
    std::filesystem::create_directories(dir / "root/sub");
    std::filesystem::create_directory(dir / "outside");
    dir.Write("outside/secret", "kept");
  }
  // As an output would open it.
  Status Open(const std::string& path) {
    tap::FileOutput spec;
    spec.path = path;
    fakes::ManualClock clock;
    fakes::CountingLedger ledger;
    return sinks::FileWriter(spec, dir / "root", &clock).Open(&ledger);
  }
  fakes::TempDir dir;
};

BOOST_FIXTURE_TEST_SUITE(open_beneath, OpenBeneathTest)

BOOST_AUTO_TEST_CASE(paths_below_the_directory_open) {
  for (const char* path : {"a.jsonl", "sub/a.jsonl", "x/y/z.jsonl", "..a", "a..b/c"}) {
    BOOST_TEST(Open(path).ok(), path);
  }
}

BOOST_AUTO_TEST_CASE(paths_that_lead_out_are_refused_for_good) {
  for (const char* path : {"../outside/a", "sub/../../outside/a", "/etc/traffictap", "./a",
                           "sub/./a", "..", ".", "", "sub/", "a/.."}) {
    const Status refused = Open(path);
    BOOST_TEST(refused.code() == absl::StatusCode::kInvalidArgument,
               path << ": " << refused.ToString());
  }
  BOOST_TEST(dir.Names("outside").size() == 1u);
}

BOOST_AUTO_TEST_CASE(links_are_not_followed_wherever_they_stand) {
  std::filesystem::create_directory_symlink(dir / "outside", dir / "root/link");
  std::filesystem::create_symlink(dir / "outside/secret", dir / "root/file");
  std::filesystem::create_directory_symlink("sub", dir / "root/inside");
  for (const char* path : {"link/a", "file", "inside/a"}) {
    BOOST_TEST(Open(path).code() == absl::StatusCode::kInvalidArgument, path);
  }
  BOOST_TEST(dir.Names("outside").size() == 1u);
  BOOST_TEST(dir.Read("outside/secret") == "kept");
}

BOOST_AUTO_TEST_CASE(what_is_no_regular_file_is_refused_without_waiting) {
  mkfifo((dir / "root/pipe").c_str(), 0600);
  for (const char* path : {"pipe", "sub"}) {
    BOOST_TEST(Open(path).code() == absl::StatusCode::kInvalidArgument, path);
  }
}

BOOST_AUTO_TEST_CASE(a_file_in_the_place_of_a_directory_is_worth_a_retry) {
  dir.Write("root/taken", "");
  BOOST_TEST(IsRetryable(Open("taken/a")));
  std::filesystem::remove(dir / "root/taken");
  BOOST_TEST(Open("taken/a").ok());
}

BOOST_AUTO_TEST_CASE(files_are_closed_to_others) {
  BOOST_TEST(Open("new/a").ok());
  struct stat file {
  }, folder{};
  stat((dir / "root/new/a").c_str(), &file);
  stat((dir / "root/new").c_str(), &folder);
  BOOST_TEST((file.st_mode & 07) == 0u);
  BOOST_TEST((folder.st_mode & 07) == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
