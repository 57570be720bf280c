#include <zlib.h>
#include <zstd.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

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

std::string Gunzip(const std::string& path) {
  const gzFile file = gzopen(path.c_str(), "rb");
  std::string out(1 << 20, '\0');
  out.resize(static_cast<size_t>(gzread(file, out.data(), static_cast<unsigned>(out.size()))));
  gzclose(file);
  return out;
}

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
      all += gzip ? Gunzip(dir / path) : Unzstd(dir.Read(path));
    }
    BOOST_TEST(NumbersOf(all + dir.Read(spec.path)) == Range(0, 40),
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
