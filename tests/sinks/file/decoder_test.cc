// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/decoder.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "fakes/temp_dir.h"
#include "sinks/file/pack_file.h"

namespace traffictap {

using tap::Compression;

struct DecoderTest {
  std::string Packed(Compression compression, const std::string& text) {
    dir.Write("plain", text);
    sinks::PackFile(compression, dir / "plain", dir / "packed");
    return dir.Read("packed");
  }
  // All that is in a file of these bytes.
  StatusOr<std::string> Read(Compression compression, const std::string& bytes) {
    dir.Write("file", bytes);
    const int fd = open((dir / "file").c_str(), O_RDONLY | O_CLOEXEC);
    std::string out;
    StatusOr<size_t> count = size_t{1};
    {
      const auto decoder = sinks::MakeDecoder(compression, fd);
      std::string piece(1000, '\0');
      while (count.ok() && *count > 0) {
        count = decoder->Read(piece);
        if (count.ok()) out.append(piece, 0, *count);
      }
    }
    close(fd);
    if (!count.ok()) return count.status();
    return out;
  }
  fakes::TempDir dir;
};

BOOST_FIXTURE_TEST_SUITE(decoder, DecoderTest)

BOOST_AUTO_TEST_CASE(what_was_compressed_comes_back_from_nothing_to_many_blocks) {
  for (const std::string& text : {std::string(), std::string("one\n"), std::string(1 << 20, 'x')}) {
    for (const auto compression : {Compression::kGzip, Compression::kZstd}) {
      BOOST_TEST((Read(compression, Packed(compression, text)).value() == text));
    }
    BOOST_TEST((Read(Compression::kNone, text).value() == text));
  }
}

BOOST_AUTO_TEST_CASE(several_pieces_one_behind_the_other_are_read_as_one) {
  for (const auto compression : {Compression::kGzip, Compression::kZstd}) {
    const std::string twice = Packed(compression, "a\n") + Packed(compression, "b\n");
    BOOST_TEST(Read(compression, twice).value() == "a\nb\n");
  }
}

BOOST_AUTO_TEST_CASE(what_is_cut_off_or_damaged_is_told) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += std::to_string(i * 7919) + "\n";
  for (const auto compression : {Compression::kGzip, Compression::kZstd}) {
    const std::string packed = Packed(compression, text);
    BOOST_TEST(absl::IsDataLoss(Read(compression, packed.substr(0, packed.size() / 2)).status()));
    std::string damaged = packed;
    // zstd's files have no checksum, and gzip's are taken for plain ones if they do not look like it.
    const size_t at = compression == Compression::kZstd ? 1 : damaged.size() / 2;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
    BOOST_TEST(absl::IsDataLoss(Read(compression, damaged).status()));
  }
}

BOOST_AUTO_TEST_CASE(a_name_says_how_its_file_is_compressed) {
  BOOST_TEST((sinks::CompressionOf("a.jsonl.zst") == Compression::kZstd));
  BOOST_TEST((sinks::CompressionOf("a.jsonl.gz") == Compression::kGzip));
  BOOST_TEST((sinks::CompressionOf("a.jsonl") == Compression::kNone));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
