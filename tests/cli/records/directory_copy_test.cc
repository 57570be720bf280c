// SPDX-License-Identifier: Apache-2.0
#include "cli/records/directory_copy.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "cli/records/file_collector.h"
#include "fakes/temp_dir.h"

namespace traffictap {

using cli::kOld;

namespace {

struct Fixture : cli::FileCollector {
  Status Copy() {
    const auto listed = Source().List();
    if (!listed.ok()) return listed.status();
    cli::DirectoryCopy target(dir / "out");
    for (const auto& output : listed->outputs) {
      TT_RETURN_IF_ERROR(target.Copy(Source(), output));
    }
    return absl::OkStatus();
  }
  std::string Ours(const std::string& name) { return dir.Read("out/disk/" + name); }
  std::vector<std::string> Names() { return dir.Names("out/disk"); }

  fakes::TempDir dir;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(directory_copy, Fixture)

BOOST_AUTO_TEST_CASE(all_files_are_copied_for_their_owner_alone) {
  Set({{kOld + ".gz", "a\n", true}, {"all.jsonl", "b\nc\n"}});
  BOOST_TEST(Copy().ok());
  BOOST_TEST(Ours(kOld + ".gz") == "packed:a\n");
  BOOST_TEST(Ours("all.jsonl") == "b\nc\n");
  struct stat found {};
  BOOST_TEST(stat((dir / "out/disk/all.jsonl").c_str(), &found) == 0);
  BOOST_TEST((found.st_mode & 077) == 0u);
}

BOOST_AUTO_TEST_CASE(collectors_whose_files_have_one_name_have_folders_of_their_own) {
  SetPairers({{"p-0", {{"all.jsonl", "a\n"}}}, {"p-1", {{"all.jsonl", "b\n"}}}});
  BOOST_TEST(Copy().ok());
  // That one rotates, the other one goes on.
  SetPairers({{"p-0", {{kOld, "a\n"}, {"all.jsonl", "c\n"}}}, {"p-1", {{"all.jsonl", "b\nd\n"}}}});
  BOOST_TEST(Copy().ok());
  BOOST_TEST((dir.Names("out/disk/p-0") == std::vector<std::string>{kOld, "all.jsonl"}));
  BOOST_TEST((dir.Names("out/disk/p-1") == std::vector<std::string>{"all.jsonl"}));
  BOOST_TEST(Ours("p-0/" + kOld) == "a\n");
  BOOST_TEST(Ours("p-0/all.jsonl") == "c\n");
  BOOST_TEST(Ours("p-1/all.jsonl") == "b\nd\n");
}

BOOST_AUTO_TEST_CASE(a_second_copy_brings_what_is_new_alone) {
  Set({{kOld, "a\n"}, {"all.jsonl", "b\n"}});
  BOOST_TEST(Copy().ok());
  paths.clear();
  Set({{kOld, "a\n"}, {"all.jsonl", "b\nc\n"}});
  BOOST_TEST(Copy().ok());
  BOOST_TEST(Ours("all.jsonl") == "b\nc\n");
  BOOST_REQUIRE(paths.size() == 1u);
  BOOST_TEST(paths[0].find("offset=2&check=") != std::string::npos, paths[0]);
}

BOOST_AUTO_TEST_CASE(a_copy_of_a_file_that_was_rotated_gets_its_name) {
  Set({{"all.jsonl", "a\n"}});
  BOOST_TEST(Copy().ok());
  Set({{kOld, "a\nb\n"}, {"all.jsonl", "c\n"}});
  BOOST_TEST(Copy().ok());
  BOOST_TEST(Ours(kOld) == "a\nb\n");
  BOOST_TEST(Ours("all.jsonl") == "c\n");
}

BOOST_AUTO_TEST_CASE(a_compressed_file_takes_the_place_of_what_it_was_made_of) {
  Set({{"all.jsonl", "a\n"}});
  BOOST_TEST(Copy().ok());
  Set({{kOld + ".zst", "a\nb\n", true}, {"all.jsonl", "c\n"}});
  BOOST_TEST(Copy().ok());
  BOOST_TEST(Ours(kOld + ".zst") == "packed:a\nb\n");
  BOOST_TEST((Names() == std::vector<std::string>{kOld + ".zst", "all.jsonl"}));
}

BOOST_AUTO_TEST_CASE(what_the_collector_has_no_more_stays) {
  Set({{kOld, "a\n"}, {"all.jsonl", "b\n"}});
  BOOST_TEST(Copy().ok());
  Set({{"all.jsonl", "z\n"}});
  BOOST_TEST(Copy().ok());
  const auto names = Names();
  BOOST_REQUIRE(names.size() == 3u);
  BOOST_TEST(Ours(kOld) == "a\n");
  BOOST_TEST(Ours("all.jsonl") == "z\n");
  std::string all;
  for (const auto& name : names) all += Ours(name);
  BOOST_TEST(all.find("b\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_first_line_that_was_torn_is_copied_anew) {
  dir.Write("out/disk/all.jsonl", "{\"id");
  Set({{"all.jsonl", "{\"id\":1}\n"}});
  BOOST_TEST(Copy().ok());
  BOOST_TEST(Ours("all.jsonl") == "{\"id\":1}\n");
}

BOOST_AUTO_TEST_CASE(a_file_that_was_changed_here_is_told_of_and_left) {
  Set({{"all.jsonl", "a\nb\nc\n"}});
  for (const char* changed : {"a\nx\n", "a\nb\nc\nd\n"}) {
    dir.Write("out/disk/all.jsonl", changed);
    const Status done = Copy();
    BOOST_TEST(absl::IsAborted(done));
    BOOST_TEST(Message(done).find("move it away") != std::string::npos);
    BOOST_TEST(Ours("all.jsonl") == changed);
  }
  Set({{kOld, "a\nx\n"}, {"all.jsonl", "z\n"}});
  dir.Write("out/disk/" + kOld, "mine\n");
  const Status done = Copy();
  BOOST_TEST(absl::IsFailedPrecondition(done));
  BOOST_TEST(Ours(kOld) == "mine\n");
}

BOOST_AUTO_TEST_CASE(a_place_that_cannot_be_written_is_named) {
  Set({{"all.jsonl", "a\n"}});
  dir.Write("out", "a file");
  const Status done = Copy();
  BOOST_TEST(absl::IsDataLoss(done));
  BOOST_TEST(Message(done).find(dir / "out") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
