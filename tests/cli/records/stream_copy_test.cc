// SPDX-License-Identifier: Apache-2.0
#include "cli/records/stream_copy.h"

#include <boost/test/unit_test.hpp>

#include "cli/records/file_collector.h"
#include "fakes/captured_console.h"

namespace traffictap {

using cli::kOld;

namespace {

struct Fixture : cli::FileCollector {
  Status Copy() { return target.Copy(Source(), Source().List().value().at(0)); }

  fakes::CapturedConsole console;
  cli::StreamCopy target{&console};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stream_copy, Fixture)

BOOST_AUTO_TEST_CASE(lines_come_oldest_first_and_decompressed) {
  Set({{kOld + ".gz", "a\n", true}, {"all.jsonl", "b\n"}});
  BOOST_TEST(Copy().ok());
  BOOST_TEST(console.output == "a\nb\n");
  BOOST_TEST(target.bytes() == 4u);
}

BOOST_AUTO_TEST_CASE(a_file_is_read_on_where_it_ended_whatever_its_name_is_by_now) {
  Set({{"all.jsonl", "a\n"}});
  BOOST_TEST(Copy().ok());
  Set({{kOld, "a\nb\n"}, {"all.jsonl", "c\n"}});
  BOOST_TEST(Copy().ok());
  Set({{kOld + ".gz", "a\nb\n", true}, {"all.jsonl", "c\nd\n"}});
  BOOST_TEST(Copy().ok());
  Set({{kOld + ".gz", "a\nb\n", true}, {kOld + "2.gz", "c\nd\ne\n", true}, {"all.jsonl", ""}});
  BOOST_TEST(Copy().ok());
  BOOST_TEST(console.output == "a\nb\nc\nd\ne\n");
  paths.clear();
  BOOST_TEST(Copy().ok());
  BOOST_TEST(paths.empty());
}

BOOST_AUTO_TEST_CASE(an_output_that_nobody_reads_ends_it) {
  Set({{"all.jsonl", "a\n"}});
  console.write_result = absl::CancelledError("nobody reads");
  BOOST_TEST(absl::IsCancelled(Copy()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
