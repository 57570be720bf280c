// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/watched_files.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "fakes/temp_dir.h"

namespace traffictap {

BOOST_AUTO_TEST_SUITE(watched_files)

BOOST_AUTO_TEST_CASE(new_contents_of_any_are_seen_once) {
  fakes::TempDir dir;
  dir.Write("user", "jane");
  dir.Write("password", "old");
  kafkaclient::WatchedFiles files({dir / "user", "", dir / "password"});
  BOOST_TEST(!files.Changed());
  BOOST_TEST(!files.Changed());
  dir.Write("password", "new");
  BOOST_TEST(files.Changed());
  BOOST_TEST(!files.Changed());
  dir.Write("user", "jane");  // touched, not changed
  BOOST_TEST(!files.Changed());
}

BOOST_AUTO_TEST_CASE(a_file_that_is_away_or_empty_while_it_is_replaced_has_not_changed) {
  fakes::TempDir dir;
  dir.Write("key", "old");
  kafkaclient::WatchedFiles files({dir / "key"});
  BOOST_TEST(!files.Changed());
  std::filesystem::remove(dir.path() / "key");
  BOOST_TEST(!files.Changed());
  dir.Write("key", "");
  BOOST_TEST(!files.Changed());
  dir.Write("key", "old");
  BOOST_TEST(!files.Changed());
  dir.Write("key", "new");
  BOOST_TEST(files.Changed());
}

BOOST_AUTO_TEST_CASE(a_file_that_comes_later_is_a_change_and_no_files_never_are) {
  fakes::TempDir dir;
  kafkaclient::WatchedFiles files({dir / "late"});
  BOOST_TEST(!files.Changed());
  dir.Write("late", "here");
  BOOST_TEST(files.Changed());
  kafkaclient::WatchedFiles none({"", ""});
  BOOST_TEST(!none.Changed());
  BOOST_TEST(!none.Changed());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
