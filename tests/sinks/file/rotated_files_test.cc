// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/rotated_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "fakes/temp_dir.h"
#include "tap/rotated_name.h"

namespace traffictap::sinks {

struct RotatedFilesTest {
  RotatedFilesTest() : fd(open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  ~RotatedFilesTest() { close(fd); }
  // A rotated file that many seconds after the start of 2026, or before it.
  std::string Make(int seconds, const std::string& suffix = "") {
    const std::string name = tap::RotatedName("all.jsonl", kNow + seconds * base::kSecond);
    dir.Write(name + suffix, "x");
    return name;
  }
  static constexpr base::Nanos kNow = 1'767'225'600 * base::kSecond;
  fakes::TempDir dir;
  int fd;
};

BOOST_FIXTURE_TEST_SUITE(rotated_files, RotatedFilesTest)

BOOST_AUTO_TEST_CASE(a_crash_in_compression_leaves_no_double_and_no_part) {
  const std::string whole = Make(1);
  const std::string twin = Make(2);
  Make(2, ".gz");
  Make(3, ".zst.part");
  Make(4, ".gz");
  dir.Write("all.jsonl", "x");
  dir.Write("other.gz.part", "x");
  const std::vector<std::string> files = {
      whole, twin + ".gz", tap::RotatedName("all.jsonl", kNow + 4 * base::kSecond) + ".gz"};
  BOOST_TEST(WholeFiles(fd, "all.jsonl") == files, boost::test_tools::per_element());
  RemoveLeftovers(fd, "all.jsonl");
  BOOST_TEST(WholeFiles(fd, "all.jsonl") == files, boost::test_tools::per_element());
  const std::vector<std::string> expected = {
      whole, twin + ".gz", tap::RotatedName("all.jsonl", kNow + 4 * base::kSecond) + ".gz",
      "all.jsonl", "other.gz.part"};
  BOOST_TEST(dir.Names() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(names_in_the_future_go_first_then_the_oldest) {
  const std::string future = Make(100);
  const std::string oldest = Make(-30);
  const std::string older = Make(-20);
  const std::string newest = Make(-10);
  RotationOrder order;
  KeepNewest(fd, "all.jsonl", 3, kNow, &order);
  BOOST_TEST(dir.Names() == (std::vector{oldest, older, newest}), boost::test_tools::per_element());
  KeepNewest(fd, "all.jsonl", 2, kNow, &order);
  BOOST_TEST(dir.Names() == (std::vector{older, newest}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_this_process_made_goes_last_and_in_its_order_whatever_the_names) {
  RotationOrder order = {Make(500), Make(-500, ".gz"), Make(100), Make(-100)};
  const RotationOrder all = order;
  Make(1'000);
  Make(-1);
  KeepNewest(fd, "all.jsonl", 3, kNow, &order);
  BOOST_TEST(order == (RotationOrder{all[1], all[2], all[3]}), boost::test_tools::per_element());
  BOOST_TEST(dir.Names().size() == 3u);
  std::filesystem::remove(dir / all[2]);
  KeepNewest(fd, "all.jsonl", 3, kNow, &order);
  BOOST_TEST(order == (RotationOrder{all[1], all[3]}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_name_is_taken_while_any_form_of_it_is_there) {
  BOOST_TEST(IsThere(fd, Make(1)));
  BOOST_TEST(IsThere(fd, Make(2, ".gz")));
  BOOST_TEST(IsThere(fd, Make(3, ".zst")));
  BOOST_TEST(!IsThere(fd, tap::RotatedName("all.jsonl", kNow)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::sinks
