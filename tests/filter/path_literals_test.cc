// SPDX-License-Identifier: Apache-2.0
#include "filter/path_literals.h"

#include <boost/test/unit_test.hpp>
#include <random>
#include <string>
#include <vector>

#include "filter/text_match.h"

namespace traffictap::filter {
namespace {

using tap::PathMatch;
using tap::PathMatchKind;
using traffic::TapSet;

// What asks each of them says.
TapSet Slowly(const std::vector<PathMatch>& matches, std::string_view path) {
  TapSet out;
  for (size_t slot = 0; slot < matches.size(); ++slot) {
    if (MatchesValue(path, matches[slot])) out.Add(slot);
  }
  return out;
}

PathLiterals Of(const std::vector<PathMatch>& matches) {
  PathLiterals out;
  for (size_t slot = 0; slot < matches.size(); ++slot) out.Add(matches[slot], slot);
  out.Compile();
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(path_literals)

BOOST_AUTO_TEST_CASE(finds_every_prefix_of_a_path_and_the_path_itself) {
  const std::vector<PathMatch> matches = {
      {PathMatchKind::kPrefix, "/a"},    {PathMatchKind::kPrefix, "/a/b"},
      {PathMatchKind::kPrefix, "/a/bc"}, {PathMatchKind::kPrefix, "/a"},
      {PathMatchKind::kExact, "/a/b"},   {PathMatchKind::kPrefix, ""},
      {PathMatchKind::kExact, ""},       {PathMatchKind::kPrefix, "/a\xff"},
  };
  const PathLiterals literals = Of(matches);
  for (const char* path :
       {"", "/", "/a", "/a/", "/a/b", "/a/ba", "/a/bc", "/a/bcd", "/a/bd", "/a\xff\x01", "/b"}) {
    BOOST_CHECK(literals.Find(path) == Slowly(matches, path));
  }
}

BOOST_AUTO_TEST_CASE(finds_nothing_where_nobody_asks) {
  PathLiterals literals = Of({});
  BOOST_TEST(literals.empty());
  BOOST_TEST(literals.Find("/a").empty());
  BOOST_TEST(!Of({{PathMatchKind::kExact, "/a"}}).empty());
}

BOOST_AUTO_TEST_CASE(says_of_any_path_what_asking_each_one_says) {
  std::mt19937 random(1);
  const auto text = [&] {
    std::string out;
    for (auto left = random() % 6; left > 0; --left) out += "ab\xff"[random() % 3];
    return out;
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<PathMatch> matches(random() % 30);
    for (auto& match : matches) {
      match = {random() % 3 == 0 ? PathMatchKind::kExact : PathMatchKind::kPrefix, text()};
    }
    const PathLiterals literals = Of(matches);
    for (int i = 0; i < 50; ++i) {
      const std::string path = text();
      BOOST_REQUIRE(literals.Find(path) == Slowly(matches, path));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::filter
