// SPDX-License-Identifier: Apache-2.0
#include <zstd.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "fakes/gunzip.h"
#include "fakes/manual_clock.h"
#include "fakes/record_ledger.h"
#include "fakes/records.h"
#include "fakes/temp_dir.h"
#include "sinks/file/file_writer.h"

namespace traffictap {

using fakes::MakeRecords;
using fakes::NumbersOf;
using fakes::Range;
using fakes::WriteAll;

std::string Unzstd(const std::string& packed) {
  std::string out(1 << 20, '\0');
  const auto stream = ZSTD_createDStream();
  ZSTD_inBuffer from{packed.data(), packed.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  const size_t left = ZSTD_decompressStream(stream, &to, &from);
  ZSTD_freeDStream(stream);
  BOOST_TEST(left == 0u);
  out.resize(to.pos);
  return out;
}

struct FileRotationTest {
  FileRotationTest() {
    spec.path = "shop/all.jsonl";
    spec.rotate_bytes = 4096;
    spec.files_max = 100;
  }
  void Open() {
    writer = std::make_unique<sinks::FileWriter>(spec, dir.path().string(), &clock);
    BOOST_REQUIRE(writer->Open(&ledger).ok());
  }
  // All but the current file, oldest first.
  std::vector<std::string> Rotated() {
    auto names = dir.Names("shop");
    std::erase(names, "all.jsonl");
    return names;
  }
  // The records of all files, sorted.
  std::vector<int> Kept() {
    std::string all;
    for (const auto& name : dir.Names("shop")) all += dir.Read("shop/" + name);
    auto numbers = NumbersOf(all);
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }
  fakes::TempDir dir;
  fakes::ManualClock clock;
  fakes::CountingLedger ledger;
  tap::FileOutput spec;
  std::unique_ptr<sinks::FileWriter> writer;
};

BOOST_FIXTURE_TEST_SUITE(file_rotation, FileRotationTest)

BOOST_AUTO_TEST_CASE(no_file_is_larger_than_asked_and_none_is_lost_though_the_clock_stands_still) {
  Open();
  BOOST_TEST(WriteAll(*writer, MakeRecords(0, 100, 300)).ok());
  std::string all;
  const auto rotated = Rotated();
  BOOST_TEST(rotated.size() > 10u);
  for (const auto& name : rotated) {
    all += dir.Read("shop/" + name);
    BOOST_TEST(std::filesystem::file_size(dir / ("shop/" + name)) <= spec.rotate_bytes);
  }
  BOOST_TEST(NumbersOf(all + dir.Read(spec.path)) == Range(0, 100),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_record_larger_than_a_file_has_one_of_its_own) {
  Open();
  for (int i = 0; i < 3; ++i) BOOST_TEST(WriteAll(*writer, MakeRecords(i, 1, 10'000)).ok());
  BOOST_TEST(Rotated().size() == 2u);
  BOOST_TEST(NumbersOf(dir.Read(spec.path)) == Range(2, 1));
}

BOOST_AUTO_TEST_CASE(age_rotates_without_traffic_but_never_an_empty_file) {
  spec.rotate_bytes = 1 << 30;
  spec.rotate_age = 60 * base::kSecond;
  Open();
  clock.Advance(100 * base::kSecond);
  writer->Poll();
  BOOST_TEST(Rotated().empty());
  BOOST_TEST(WriteAll(*writer, MakeRecords(0, 1)).ok());
  writer->Poll();
  BOOST_TEST(Rotated().size() == 1u);
  BOOST_TEST(WriteAll(*writer, MakeRecords(1, 1)).ok());
  clock.Advance(59 * base::kSecond);
  writer->Poll();
  BOOST_TEST(Rotated().size() == 1u);
  clock.Advance(base::kSecond);
  writer->Poll();
  BOOST_TEST(Rotated().size() == 2u);
}

BOOST_AUTO_TEST_CASE(max_files_counts_the_current_one_and_spares_what_is_not_ours) {
  spec.files_max = 3;
  Open();
  for (const char* name : {"all-2.jsonl", "all-aaaaaaaaTbbbbbb.ccccccccc.jsonl",
                           "other-20240101T000000.000000000.jsonl"}) {
    dir.Write(std::string("shop/") + name, "kept");
  }
  for (int i = 0; i < 20; ++i) {
    BOOST_TEST(WriteAll(*writer, MakeRecords(i, 1, 3'000)).ok());
    clock.Advance(base::kSecond);
  }
  BOOST_TEST(Rotated().size() == 3u + 2u);
  BOOST_TEST(NumbersOf(dir.Read(spec.path)) == Range(19, 1));
}

// Each beside one that keeps two files; what the first one rotated stays.
BOOST_AUTO_TEST_CASE(no_output_deletes_the_rotated_files_of_another) {
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"all.jsonl", "all.json"}, {"all.jsonl", "all"}, {"all.jsonl.gz", "all.jsonl"}};
  for (const auto& [many, few] : pairs) {
    spec.path = "of-" + few + "/" + many;
    spec.files_max = 100;
    Open();
    BOOST_TEST(WriteAll(*writer, MakeRecords(0, 20, 3'000)).ok());
    auto first = std::move(writer);
    spec.path = "of-" + few + "/" + few;
    spec.files_max = 2;
    Open();
    BOOST_TEST(WriteAll(*writer, MakeRecords(0, 20, 3'000)).ok());
    BOOST_TEST(dir.Names("of-" + few).size() == 20u + 2u, many << " beside " << few);
  }
}

BOOST_AUTO_TEST_CASE(outputs_whose_rotated_files_have_the_same_names_take_turns) {
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"all", "all.gz"}, {"all.jsonl", "all-20240101T000000.000000000.jsonl"}};
  for (const auto& [one, other] : pairs) {
    spec.path = one;
    Open();
    spec.path = other;
    sinks::FileWriter second(spec, dir.path().string(), &clock);
    const Status refused = second.Open(&ledger);
    BOOST_TEST(IsRetryable(refused));
    BOOST_TEST(Message(refused).find("rotates to the same names") != std::string::npos);
    writer->Close(0);
    BOOST_TEST(second.Open(&ledger).ok());
  }
}

BOOST_AUTO_TEST_CASE(files_from_a_time_when_the_clock_was_ahead_go_before_fresh_ones) {
  spec.files_max = 4;
  for (const char* day : {"01", "02", "03"}) {
    dir.Write(std::string("shop/all-209901") + day + "T000000.000000000.jsonl", "");
  }
  Open();
  BOOST_TEST(WriteAll(*writer, MakeRecords(0, 10, 3'000)).ok());
  BOOST_TEST(Kept() == Range(6, 4), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_clock_that_jumps_back_deletes_no_fresh_file_and_an_edit_keeps_the_order) {
  spec.files_max = 4;
  Open();
  BOOST_TEST(WriteAll(*writer, MakeRecords(0, 4, 3'000)).ok());
  clock.JumpWall(-3600 * base::kSecond);
  BOOST_TEST(WriteAll(*writer, MakeRecords(4, 2, 3'000)).ok());
  const auto edited = std::move(writer);
  writer = std::make_unique<sinks::FileWriter>(spec, dir.path().string(), &clock);
  edited->Close(0);
  BOOST_REQUIRE(writer->Open(&ledger).ok());
  clock.JumpWall(-3600 * base::kSecond);
  BOOST_TEST(WriteAll(*writer, MakeRecords(6, 2, 3'000)).ok());
  BOOST_TEST(Kept() == Range(4, 4), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_a_crash_in_compression_left_is_gone_when_the_output_opens) {
  const std::string name = "shop/all-20240101T000000.000000000.jsonl";
  dir.Write(name, "twin");
  dir.Write(name + ".gz", "whole");
  dir.Write("shop/all-20240102T000000.000000000.jsonl.gz.part", "part");
  Open();
  BOOST_TEST(Rotated() == std::vector<std::string>{"all-20240101T000000.000000000.jsonl.gz"});
}

BOOST_AUTO_TEST_CASE(rotated_files_are_read_by_gzip_and_zstd) {
  for (const auto compression : {tap::Compression::kGzip, tap::Compression::kZstd}) {
    const bool gzip = compression == tap::Compression::kGzip;
    spec.path = gzip ? "gzip/all.jsonl" : "zstd/all.jsonl";
    spec.compression = compression;
    Open();
    BOOST_TEST(WriteAll(*writer, MakeRecords(0, 40, 300)).ok());
    writer->Close(0);
    std::string all;
    for (const auto& name : dir.Names(gzip ? "gzip" : "zstd")) {
      if (name == "all.jsonl") continue;
      BOOST_TEST(name.ends_with(gzip ? ".jsonl.gz" : ".jsonl.zst"), name);
      const std::string path = (gzip ? "gzip/" : "zstd/") + name;
      all += gzip ? fakes::Gunzip(dir.Read(path)) : Unzstd(dir.Read(path));
    }
    BOOST_TEST(NumbersOf(all + dir.Read(spec.path)) == Range(0, 40),
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
