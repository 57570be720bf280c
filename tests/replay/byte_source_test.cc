// SPDX-License-Identifier: Apache-2.0
#include "replay/byte_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "fakes/temp_dir.h"
#include "sinks/file/compress.h"

namespace traffictap {
namespace {

std::string Compressed(tap::Compression compression, const std::string& text) {
  const fakes::TempDir dir;
  dir.Write("from", text);
  const int from = open((dir / "from").c_str(), O_RDONLY);
  const int to = open((dir / "to").c_str(), O_WRONLY | O_CREAT, 0600);
  BOOST_REQUIRE(sinks::Compress(compression, from, to).ok());
  close(from);
  close(to);
  return dir.Read("to");
}

StatusOr<std::string> ReadAll(const std::string& bytes, size_t block = 1000) {
  const fakes::TempDir dir;
  dir.Write("file", bytes);
  const auto source = replay::OpenBytes(dir / "file");
  if (!source.ok()) return source.status();
  std::string out;
  std::string buffer(block, '\0');
  while (true) {
    const auto count = (*source)->Read(buffer);
    if (!count.ok()) return count.status();
    if (*count == 0) return out;
    out.append(buffer, 0, *count);
  }
}

std::string SomeText() {
  std::string out;
  for (int i = 0; i < 30'000; ++i) out += "line " + std::to_string(i * 7919) + "\n";
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(byte_source)

BOOST_AUTO_TEST_CASE(plain_and_compressed_files_read_the_same) {
  for (const std::string& text :
       {std::string(), std::string("a"), std::string("abcd"), SomeText()}) {
    BOOST_TEST((*ReadAll(text) == text));
    for (const auto compression : {tap::Compression::kGzip, tap::Compression::kZstd}) {
      const std::string packed = Compressed(compression, text);
      BOOST_TEST((*ReadAll(packed) == text));
      BOOST_TEST((*ReadAll(packed, 1) == text));
      BOOST_TEST((*ReadAll(packed + packed) == text + text));  // as cat makes of two files
    }
  }
}

// As Windows PowerShell writes what a program prints.
std::string Utf16(const std::u16string& text, bool big_endian) {
  std::string out;
  for (const char16_t unit : u"\ufeff" + text) {
    const char bytes[] = {static_cast<char>(unit & 0xff), static_cast<char>(unit >> 8)};
    out += bytes[big_endian ? 1 : 0];
    out += bytes[big_endian ? 0 : 1];
  }
  return out;
}

BOOST_AUTO_TEST_CASE(utf_16_comes_as_utf_8) {
  for (const bool big_endian : {false, true}) {
    const std::string bytes = Utf16(u"{\"a\": \"\u00e9\u20ac\U0001f600\"}\r\n", big_endian);
    const std::string wanted = "{\"a\": \"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}\r\n";
    BOOST_TEST(*ReadAll(bytes) == wanted);
    BOOST_TEST(*ReadAll(bytes, 1) == wanted);
    BOOST_TEST(*ReadAll(bytes + "x") == wanted);
    BOOST_TEST(*ReadAll(Utf16(u"", big_endian)) == "");
  }
  const std::u16string lone = {u'a', 0xdc00, 0xd800, u'b', 0xd800, 0xd83d, 0xde00};
  BOOST_TEST(*ReadAll(Utf16(lone, false)) ==
             "a\xef\xbf\xbd\xef\xbf\xbd"
             "b\xef\xbf\xbd\xf0\x9f\x98\x80");
}

BOOST_AUTO_TEST_CASE(what_ends_too_early_or_is_damaged_is_told) {
  for (const auto compression : {tap::Compression::kGzip, tap::Compression::kZstd}) {
    std::string packed = Compressed(compression, SomeText());
    for (const size_t length : {packed.size() - 1, packed.size() / 2, size_t{5}}) {
      const auto read = ReadAll(packed.substr(0, length));
      BOOST_TEST((read.status().code() == absl::StatusCode::kDataLoss));
    }
    packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0xff);
    packed[packed.size() / 2 + 1] = static_cast<char>(packed[packed.size() / 2 + 1] ^ 0xff);
    const auto read = ReadAll(packed);
    BOOST_TEST((!read.ok() || *read != SomeText()));
  }
}

BOOST_AUTO_TEST_CASE(a_path_that_cannot_be_opened_is_named) {
  const fakes::TempDir dir;
  BOOST_TEST((replay::OpenBytes(dir / "no").status().code() == absl::StatusCode::kNotFound));
  BOOST_TEST((replay::OpenBytes(dir.path()).status().code() == absl::StatusCode::kInvalidArgument));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
