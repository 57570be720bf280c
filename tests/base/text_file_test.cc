// SPDX-License-Identifier: Apache-2.0
#include "base/text_file.h"

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

BOOST_AUTO_TEST_SUITE(text_file)

BOOST_AUTO_TEST_CASE(white_space_at_the_end_is_cut_and_errors_tell_the_kind) {
  const fakes::TempDir dir;
  const std::string path = dir.path().string() + "/token";
  std::ofstream(path) << "abc \n\n";
  BOOST_TEST(base::ReadTextFile(path, 100).value() == "abc");
  BOOST_TEST(base::ReadTextFile(path, 100, base::kLineEnds).value() == "abc ");
  BOOST_TEST(base::ReadTextFile(path, 100, "").value() == "abc \n\n");
  BOOST_TEST(absl::IsInvalidArgument(base::ReadTextFile(path, 3).status()));
  BOOST_TEST(absl::IsInvalidArgument(base::ReadTextFile(dir.path().string(), 100).status()));
  BOOST_TEST(absl::IsNotFound(base::ReadTextFile(path + "x", 100).status()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
