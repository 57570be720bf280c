// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/compress.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <random>

#include "fakes/temp_dir.h"
#include "fmt/format.h"
#include "sinks/file/pack_file.h"

namespace traffictap {

using tap::Compression;

struct CompressTest {
  // What the usual tool makes of `text` once it was compressed.
  std::string ThereAndBack(Compression compression, const std::string& text) {
    dir.Write("plain", text);
    sinks::PackFile(compression, dir / "plain", dir / "packed");
    const char* tool = compression == Compression::kGzip ? "gzip -dc" : "zstd -dc";
    const auto command = fmt::format("{} < {} > {}", tool, dir / "packed", dir / "back");
    BOOST_TEST(std::system(command.c_str()) == 0);
    return dir.Read("back");
  }
  fakes::TempDir dir;
};

BOOST_FIXTURE_TEST_SUITE(compress, CompressTest)

BOOST_AUTO_TEST_CASE(the_usual_tools_read_what_it_writes_from_nothing_to_many_blocks) {
  std::mt19937 random(1);
  std::string noise(3 << 20, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  for (const auto compression : {Compression::kGzip, Compression::kZstd}) {
    for (const std::string& text :
         {std::string(), std::string("one\n"), std::string(5 << 20, 'x'), noise}) {
      BOOST_TEST((ThereAndBack(compression, text) == text));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_place_that_takes_nothing_is_an_error) {
  dir.Write("plain", std::string(1 << 20, 'x'));
  for (const auto compression : {Compression::kGzip, Compression::kZstd}) {
    const int from = open((dir / "plain").c_str(), O_RDONLY | O_CLOEXEC);
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    BOOST_TEST(IsRetryable(sinks::Compress(compression, from, full)));
    close(from);
    close(full);
  }
}

BOOST_AUTO_TEST_CASE(each_kind_has_the_extension_that_its_tools_expect) {
  BOOST_TEST(sinks::Extension(Compression::kNone) == std::string());
  BOOST_TEST(sinks::Extension(Compression::kGzip) == std::string(".gz"));
  BOOST_TEST(sinks::Extension(Compression::kZstd) == std::string(".zst"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
