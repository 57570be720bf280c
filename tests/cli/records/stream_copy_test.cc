// SPDX-License-Identifier: Apache-2.0
#include "cli/records/stream_copy.h"

#include <boost/test/unit_test.hpp>

#include "cli/records/file_collector.h"
#include "fakes/captured_console.h"

namespace traffictap {

using cli::kOld;

namespace {

struct Fixture : cli::FileCollector {
  Status Copy() {
    Status failure;
    const auto list = Source().List();
    for (const auto& output : list.value().outputs) {
      failure.Update(target.Copy(Source(), output));
    }
    return failure;
  }

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

BOOST_AUTO_TEST_CASE(collectors_come_one_after_the_other_each_from_where_it_was) {
  // The same record came first at both: one had died before the other wrote it again.
  SetPairers({{"p-0", {{"all.jsonl", "same\n"}}}, {"p-1", {{"all.jsonl", "same\nb\n"}}}});
  BOOST_TEST(Copy().ok());
  BOOST_TEST(console.output == "same\nsame\nb\n");
  SetPairers({{"p-0", {{"all.jsonl", "same\na\n"}}}, {"p-1", {{"all.jsonl", "same\nb\n"}}}});
  BOOST_TEST(Copy().ok());
  BOOST_TEST(console.output == "same\nsame\nb\na\n");
}

BOOST_AUTO_TEST_CASE(a_line_that_broke_off_is_not_torn_by_those_of_another_collector) {
  SetPairers({{"p-0", {{"all.jsonl", "first\nsecond\n"}}}, {"p-1", {{"all.jsonl", "b\n"}}}});
  answer_bytes = 9;
  cut = 2;
  BOOST_TEST(absl::IsUnavailable(Copy()));
  BOOST_TEST(console.output == "first\nb\n");
  BOOST_TEST(Copy().ok());
  BOOST_TEST(console.output == "first\nb\nsecond\n");
}

BOOST_AUTO_TEST_CASE(a_file_that_ends_within_a_line_is_followed_by_a_new_one) {
  Set({{kOld + ".gz", "a\n{\"torn", true}, {"all.jsonl", "b\n"}});
  BOOST_TEST(Copy().ok());
  BOOST_TEST(console.output == "a\n{\"torn\nb\n");
}

BOOST_AUTO_TEST_CASE(an_output_that_nobody_reads_ends_it) {
  Set({{"all.jsonl", "a\n"}});
  console.write_result = absl::CancelledError("nobody reads");
  BOOST_TEST(absl::IsCancelled(Copy()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
