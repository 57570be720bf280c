// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/header_files.h"

#include <boost/test/unit_test.hpp>

#include "fakes/temp_dir.h"

namespace traffictap {

BOOST_AUTO_TEST_SUITE(header_files)

BOOST_AUTO_TEST_CASE(the_values_are_those_that_the_files_have_now) {
  fakes::TempDir dir;
  dir.Write("token", "Bearer one\n");
  const std::vector<tap::OtlpHeader> headers = {{"authorization", dir / "token"}};
  BOOST_TEST(sinks::ReadHeaders(headers)->at(0).second == "Bearer one");
  dir.Write("token", "Bearer two");
  BOOST_TEST(sinks::ReadHeaders(headers)->at(0).first == "authorization");
  BOOST_TEST(sinks::ReadHeaders(headers)->at(0).second == "Bearer two");
  BOOST_TEST(sinks::ReadHeaders({})->empty());
}

BOOST_AUTO_TEST_CASE(a_file_that_is_missing_empty_or_no_headers_value_is_told_without_its_content) {
  fakes::TempDir dir;
  dir.Write("empty", "\n");
  dir.Write("lines", "a-secret\nx-other: b");
  dir.Write("binary", "a-secret\x01");
  for (const char* name : {"absent", "empty", "lines", "binary"}) {
    const auto read = sinks::ReadHeaders({{"x", dir / name}});
    BOOST_TEST(read.status().code() == absl::StatusCode::kFailedPrecondition);
    BOOST_TEST(Message(read.status()).find("a-secret") == std::string::npos);
    BOOST_TEST(Message(read.status()).find(name) != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
