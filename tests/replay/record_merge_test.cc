// SPDX-License-Identifier: Apache-2.0
#include "replay/record_merge.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "fakes/temp_dir.h"
#include "replay/records.h"

namespace traffictap {
namespace {

using fakes::IdOf;
using fakes::Pair;
using replay::RecordMerge;

// The numbers of the requests' ids, in the order in which they come.
std::vector<int> Numbers(RecordMerge& merge) {
  std::vector<int> out;
  replay::Record record;
  while (merge.Next(&record)) out.push_back(std::stoi(record.pair.request().id().substr(0, 8)));
  return out;
}

std::string Lines(std::initializer_list<int> seconds) {
  std::string out;
  for (const int at : seconds) out += Pair(IdOf(at), at) + "\n";
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record_merge)

BOOST_AUTO_TEST_CASE(rotated_files_follow_each_other_whatever_their_names) {
  const fakes::TempDir dir;
  dir.Write("a.jsonl", Lines({5, 6}));
  dir.Write("a-20260131T000000.000000000.jsonl", Lines({3, 4}));
  dir.Write("z.jsonl", Lines({1, 2}));
  auto merge = *RecordMerge::Open(
      {dir / "a.jsonl", dir / "a-20260131T000000.000000000.jsonl", dir / "z.jsonl"});
  BOOST_TEST(Numbers(*merge) == (std::vector{1, 2, 3, 4, 5, 6}));
  BOOST_TEST(merge->counters().records == 6);
}

BOOST_AUTO_TEST_CASE(files_of_two_collectors_are_woven_together) {
  const fakes::TempDir dir;
  dir.Write("one", Lines({1, 4, 5, 9}));
  dir.Write("two", Lines({2, 3, 6, 7, 8}));
  auto merge = *RecordMerge::Open({dir / "one", dir / "two"});
  BOOST_TEST(Numbers(*merge) == (std::vector{1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

BOOST_AUTO_TEST_CASE(a_file_keeps_its_own_order) {
  const fakes::TempDir dir;
  dir.Write("one", Lines({3, 1, 2}));
  auto merge = *RecordMerge::Open({dir / "one"});
  BOOST_TEST(Numbers(*merge) == (std::vector{3, 1, 2}));
}

BOOST_AUTO_TEST_CASE(what_is_no_record_is_counted_and_passed_over) {
  const fakes::TempDir dir;
  dir.Write("one", "nonsense\n\n{\"a\":1}\n" + Lines({1}) +
                       "{\"type\":\"Position\",\"position\":\"x\"}\n:\n" +
                       "{\"type\":\"Gap\",\"tap\":\"a/b\",\"droppedCount\":12}\n" + Lines({2}) +
                       "{\"schemaVersion\":\"v1\",\"id\":");
  auto merge = *RecordMerge::Open({dir / "one"});
  BOOST_TEST(Numbers(*merge) == (std::vector{1, 2}));
  BOOST_TEST(merge->counters().malformed == 3);
  BOOST_TEST(merge->counters().gaps == 12);
}

BOOST_AUTO_TEST_CASE(a_saved_stream_of_events_is_read_too) {
  const fakes::TempDir dir;
  dir.Write("one", "event: record\ndata: " + Lines({1}) + "\nid: 7\nevent: control\ndata: " +
                       "{\"type\":\"Gap\",\"droppedCount\":1}\n\n");
  auto merge = *RecordMerge::Open({dir / "one"});
  BOOST_TEST(Numbers(*merge) == std::vector{1});
  BOOST_TEST(merge->counters().malformed == 0);
  BOOST_TEST(merge->counters().gaps == 1);
}

BOOST_AUTO_TEST_CASE(a_damaged_file_gives_what_it_has_and_says_so) {
  const fakes::TempDir dir;
  dir.Write("one.gz", "\x1f\x8bnot gzip at all");
  dir.Write("two", Lines({1}));
  auto merge = *RecordMerge::Open({dir / "one.gz", dir / "two"});
  BOOST_TEST(Numbers(*merge) == std::vector{1});
  BOOST_REQUIRE(merge->counters().broken.size() == 1);
  BOOST_TEST(Message(merge->counters().broken[0]).find("one.gz") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_named) {
  const auto merge = RecordMerge::Open({"/nonexistent/file"});
  BOOST_TEST((merge.status().code() == absl::StatusCode::kNotFound));
  BOOST_TEST(Message(merge.status()).find("/nonexistent/file") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_directory_stands_for_its_files) {
  const fakes::TempDir dir;
  dir.Write("shop/b.jsonl", "");
  dir.Write("a.jsonl.gz", "");
  dir.Write(".hidden", "");
  dir.Write("a.jsonl.zst.part", "");
  BOOST_TEST(*replay::FilesOf(dir.path()) ==
             (std::vector{dir / "a.jsonl.gz", dir / "shop/b.jsonl"}));
  const fakes::TempDir empty;
  BOOST_TEST((replay::FilesOf(empty.path()).status().code() == absl::StatusCode::kNotFound));
  BOOST_TEST(*replay::FilesOf("-") == std::vector<std::string>{"-"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
