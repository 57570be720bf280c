// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/line_pieces.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "fakes/temp_dir.h"

namespace traffictap {

using sinks::LinePieces;

struct LinePiecesTest {
  LinePiecesTest() : fd(open((dir / "file").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)) {}
  ~LinePiecesTest() { close(fd); }

  fakes::TempDir dir;
  const int fd;
};

BOOST_FIXTURE_TEST_SUITE(line_pieces, LinePiecesTest)

BOOST_AUTO_TEST_CASE(lines_are_written_in_their_order_with_each_taps_own_name) {
  const std::string text = "{1a}\n{2b}\n";
  const std::string tap = ",tap";
  LinePieces lines;
  lines.Add({std::string_view(text).substr(0, 2), tap, std::string_view(text).substr(2, 3)});
  lines.Add({std::string_view(text).substr(5, 2), {}, std::string_view(text).substr(7, 3)});
  BOOST_TEST(lines.bytes() == 14u);
  BOOST_TEST(lines.Write(fd, 0) == 14);
  BOOST_TEST(dir.Read("file") == "{1,tapa}\n{2b}\n");
}

BOOST_AUTO_TEST_CASE(goes_on_after_what_the_kernel_has_taken) {
  const std::string text = "one two";
  const std::string tap = "TAP";
  for (size_t done = 0; done <= 10; ++done) {
    LinePieces lines;
    lines.Add({std::string_view(text).substr(0, 3), tap, std::string_view(text).substr(3)});
    // In two steps, as a disk that fills up takes it.
    for (const size_t at : {done / 2, done}) {
      BOOST_REQUIRE(ftruncate(fd, 0) == 0);
      BOOST_TEST(lines.Write(fd, at) == static_cast<ssize_t>(10 - at));
      BOOST_TEST(dir.Read("file") == std::string("oneTAP two").substr(at));
    }
  }
}

BOOST_AUTO_TEST_CASE(more_pieces_than_one_call_takes_are_written_by_several) {
  const std::string piece = "x";
  const std::string tap = "y";
  LinePieces lines;
  std::string expected;
  for (int i = 0; i < 5'000; ++i) {
    lines.Add({piece, tap, {}});
    expected += "xy";
  }
  size_t done = 0;
  int calls = 0;
  for (; done < lines.bytes() && calls < 100; ++calls) {
    const ssize_t wrote = lines.Write(fd, done);
    BOOST_REQUIRE(wrote > 0);
    done += static_cast<size_t>(wrote);
  }
  BOOST_TEST(calls > 1);
  BOOST_TEST(dir.Read("file") == expected);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
