// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/output_files.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "fakes/temp_dir.h"
#include "fmt/format.h"
#include "sinks/file/pack_file.h"

namespace traffictap {
namespace {

const std::string kOld = "all-20260131T120000.000000000.jsonl";

std::string Lines(int from, int to) {
  std::string out;
  for (int i = from; i < to; ++i) out += fmt::format("{{\"id\":\"{}\"}}\n", i);
  return out;
}

struct Fixture {
  void Pack(const std::string& name, tap::Compression compression) {
    const std::string plain = dir / ("shop/" + name);
    sinks::PackFile(compression, plain, plain + sinks::Extension(compression));
    std::filesystem::remove(plain);
  }
  std::vector<tap::OutputFile> List() {
    return sinks::ListOutputFiles(dir.path().string(), "shop/all.jsonl").value();
  }
  StatusOr<std::string> Read(const tap::OutputRange& range) {
    const auto reader = sinks::OpenOutputFile(dir.path().string(), "shop/all.jsonl", range);
    if (!reader.ok()) return reader.status();
    std::string out;
    StatusOr<uint64_t> count = uint64_t{1};
    while (count.ok() && *count > 0) count = (*reader)->Read(&out);
    if (!count.ok()) return count.status();
    return out;
  }
  fakes::TempDir dir;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(output_files, Fixture)

BOOST_AUTO_TEST_CASE(the_files_of_an_output_are_listed_oldest_first_and_no_others) {
  BOOST_TEST(List().empty());
  dir.Write("shop/all.jsonl", Lines(5, 9) + "{\"id\":");
  dir.Write("shop/" + kOld, Lines(0, 5));
  for (const char* other : {"shop/else.jsonl", "shop/all.jsonl.bak", "all.jsonl"}) {
    dir.Write(other, Lines(0, 1));
  }
  dir.Write("shop/" + kOld + ".zst.part", "half");
  const auto files = List();
  BOOST_REQUIRE(files.size() == 2u);
  BOOST_TEST(files[0].name == kOld);
  BOOST_TEST(!files[0].current);
  BOOST_TEST(files[1].name == "all.jsonl");
  BOOST_TEST(files[1].current);
  BOOST_TEST(files[1].size == Lines(5, 9).size());  // the writer is within the next line
  BOOST_TEST(files[1].modified > 0);
}

BOOST_AUTO_TEST_CASE(a_file_keeps_its_head_when_it_is_put_aside_and_compressed) {
  dir.Write("shop/all.jsonl", Lines(0, 5));
  const uint32_t head = List().at(0).head;
  BOOST_TEST(head == tap::HeadOf(Lines(0, 5)));
  BOOST_TEST(head != tap::HeadOf(Lines(1, 5)));
  std::filesystem::rename(dir / "shop/all.jsonl", dir / ("shop/" + kOld));
  BOOST_TEST(List().at(0).head == head);
  for (const auto compression : {tap::Compression::kGzip, tap::Compression::kZstd}) {
    dir.Write("shop/" + kOld, Lines(0, 5));
    Pack(kOld, compression);
    const auto files = List();
    BOOST_REQUIRE(files.size() == 1u);
    BOOST_TEST(files[0].head == head);
    BOOST_TEST(files[0].compressed);
    std::filesystem::remove(dir / ("shop/" + files[0].name));
  }
  dir.Write("shop/all.jsonl", "{\"id\":");
  BOOST_TEST(List().at(0).head == 0u);
  BOOST_TEST(List().at(0).size == 0u);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_being_compressed_is_there_once) {
  dir.Write("shop/" + kOld, Lines(0, 5));
  Pack(kOld, tap::Compression::kZstd);
  dir.Write("shop/" + kOld, Lines(0, 5));
  const auto files = List();
  BOOST_REQUIRE(files.size() == 1u);
  BOOST_TEST(files[0].name == kOld + ".zst");
}

BOOST_AUTO_TEST_CASE(whole_lines_are_read_and_resumed_where_the_check_holds) {
  const std::string text = Lines(0, 90000);  // several pieces
  dir.Write("shop/all.jsonl", text + "{\"id\":");
  BOOST_TEST((Read({.file = "all.jsonl"}).value() == text));
  const uint64_t offset = text.size() / 2;
  const std::string before = text.substr(0, offset);
  BOOST_TEST((Read({"all.jsonl", offset, tap::CheckOf(before)}).value() == text.substr(offset)));
  BOOST_TEST(Read({"all.jsonl", text.size(), tap::CheckOf(text)}).value().empty());
  const auto refused = [&](const tap::OutputRange& range) { return Read(range).status(); };
  BOOST_TEST(absl::IsFailedPrecondition(refused({"all.jsonl", offset, 1})));
  BOOST_TEST(absl::IsFailedPrecondition(refused({"all.jsonl", text.size() + 1, 1})));
  BOOST_TEST(absl::IsInvalidArgument(refused({"all.jsonl", offset})));
}

BOOST_AUTO_TEST_CASE(a_compressed_file_is_read_as_it_is_or_as_what_is_in_it) {
  const std::string text = Lines(0, 90000);
  for (const auto compression : {tap::Compression::kGzip, tap::Compression::kZstd}) {
    dir.Write("shop/" + kOld, text);
    Pack(kOld, compression);
    const std::string name = kOld + sinks::Extension(compression);
    BOOST_TEST((Read({.file = name}).value() == dir.Read("shop/" + name)));
    BOOST_TEST((Read({.file = name, .plain = true}).value() == text));
    const uint64_t offset = text.size() - 1000;
    const uint32_t check = tap::CheckOf(text.substr(0, offset));
    BOOST_TEST((Read({name, offset, check, true}).value() == text.substr(offset)));
    BOOST_TEST(absl::IsFailedPrecondition(Read({name, offset, check + 1, true}).status()));
    BOOST_TEST(absl::IsFailedPrecondition(Read({name, text.size() + 1, check, true}).status()));
  }
}

BOOST_AUTO_TEST_CASE(nothing_else_can_be_read) {
  dir.Write("secret", "x\n");
  dir.Write("shop/else.jsonl", Lines(0, 1));
  std::filesystem::create_symlink(dir / "secret", dir / "shop/all.jsonl");
  for (const char* name : {"../secret", "else.jsonl", "/etc/passwd", "", "all.jsonl"}) {
    BOOST_TEST(absl::IsNotFound(Read({.file = name}).status()), name);
  }
  BOOST_TEST(List().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
