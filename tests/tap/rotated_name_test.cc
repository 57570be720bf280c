// SPDX-License-Identifier: Apache-2.0
#include "tap/rotated_name.h"

#include <boost/test/unit_test.hpp>
#include <vector>

namespace traffictap::tap {
namespace {

constexpr base::Nanos kWall = 1'700'000'000'123'456'789;  // 2023-11-14T22:13:20 UTC

// Names that could get in each other's way, one taken for a rotated file of another included.
std::vector<std::string> Names() {
  std::vector<std::string> names = {
      "all",     "all.json",   "all.jsonl",       "all.jsonl.gz",   "all.gz",
      "all.zst", "all.",       "all.part",        ".all",           "all-1.jsonl",
      "all-",    "-all.jsonl", "all.jsonl.zst",   "all.jsonl.part", "all.gz.part",
      "al",      ".gz",        "all.1.000000000", "all-.gz"};
  for (const char* of : {"all", "all.jsonl", "all.gz", ".gz"}) {
    for (const char* suffix : {"", ".gz", ".gz.part", ".part", ".1"}) {
      names.push_back(RotatedName(of, kWall) + suffix);
    }
    names.push_back(RotatedName(RotatedName(of, kWall), kWall));
  }
  return names;
}

BOOST_AUTO_TEST_SUITE(rotated_name)

BOOST_AUTO_TEST_CASE(the_time_stands_before_the_extension) {
  BOOST_TEST(RotatedName("all.jsonl", kWall) == "all-20231114T221320.123456789.jsonl");
  BOOST_TEST(RotatedName("all", kWall) == "all-20231114T221320.123456789");
}

BOOST_AUTO_TEST_CASE(a_rotated_file_has_the_exact_extension_and_a_known_suffix) {
  const auto form = [](const std::string& suffix, const std::string& current) {
    return static_cast<int>(RotatedFormOf("all-20231114T221320.123456789" + suffix, current));
  };
  const int none = static_cast<int>(RotatedForm::kNone);
  const int plain = static_cast<int>(RotatedForm::kPlain);
  const int compressed = static_cast<int>(RotatedForm::kCompressed);
  const int part = static_cast<int>(RotatedForm::kPart);
  BOOST_TEST(form(".jsonl", "all.jsonl") == plain);
  BOOST_TEST(form(".jsonl.gz", "all.jsonl") == compressed);
  BOOST_TEST(form(".jsonl.zst", "all.jsonl") == compressed);
  BOOST_TEST(form(".jsonl.gz.part", "all.jsonl") == part);
  BOOST_TEST(form(".jsonl", "all.json") == none);
  BOOST_TEST(form(".jsonl.bak", "all.jsonl") == none);
  BOOST_TEST(form(".jsonl.part", "all.jsonl") == none);
  BOOST_TEST(form("", "all") == plain);
  BOOST_TEST(form(".zst", "all") == compressed);
  BOOST_TEST(form(".jsonl", "all") == none);
  BOOST_TEST(form("", "al") == none);
}

BOOST_AUTO_TEST_CASE(outputs_of_two_families_never_take_each_others_files) {
  for (const std::string& one : Names()) {
    for (const std::string& other : Names()) {
      if (FileFamily(one) == FileFamily(other)) continue;
      BOOST_TEST((RotatedFormOf(one, other) == RotatedForm::kNone), one << " beside " << other);
      for (const char* suffix : {"", ".gz", ".zst", ".gz.part", ".zst.part"}) {
        const std::string rotated = RotatedName(one, kWall) + suffix;
        BOOST_TEST((RotatedFormOf(rotated, other) == RotatedForm::kNone),
                   rotated << " beside " << other);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_family_is_no_larger_than_it_must_be) {
  BOOST_TEST(FileFamily("shop/all.gz") == FileFamily("shop/all"));
  BOOST_TEST(FileFamily("shop/all-20231114T221320.123456789.jsonl.gz") == "shop/all.jsonl");
  BOOST_TEST(FileFamily("shop/all.json") == "shop/all.json");
  BOOST_TEST(FileFamily("shop/all.jsonl.gz") == "shop/all.jsonl.gz");
  BOOST_TEST(FileFamily("shop/all-2.jsonl") == "shop/all-2.jsonl");
  BOOST_TEST(FileFamily("books/all") != FileFamily("shop/all"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap::tap
