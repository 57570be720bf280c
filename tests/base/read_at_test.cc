// SPDX-License-Identifier: Apache-2.0
#include "base/read_at.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "fakes/temp_dir.h"

namespace traffictap {

BOOST_AUTO_TEST_SUITE(read_at)

BOOST_AUTO_TEST_CASE(so_much_is_read_as_there_is) {
  const fakes::TempDir dir;
  dir.Write("file", "abcdef");
  const int fd = open((dir / "file").c_str(), O_RDONLY | O_CLOEXEC);
  BOOST_TEST(base::ReadAt(fd, 0, 3).value() == "abc");
  BOOST_TEST(base::ReadAt(fd, 4, 3).value() == "ef");
  BOOST_TEST(base::ReadAt(fd, 6, 3).value().empty());
  BOOST_TEST(base::ReadAt(fd, 0, 0).value().empty());
  close(fd);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_leaves_its_reason_in_errno) {
  const auto read = base::ReadAt(-1, 0, 1);
  const int reason = errno;
  BOOST_TEST(!read.has_value());
  BOOST_TEST(reason == EBADF);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
