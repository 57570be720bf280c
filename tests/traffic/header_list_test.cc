// SPDX-License-Identifier: Apache-2.0
#include "traffic/header_list.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

namespace traffictap {
namespace {

using traffic::AppendHeader;
using traffic::FindHeader;

using Headers = std::vector<std::pair<std::string, std::string>>;

Headers Read(const std::string& list) {
  Headers out;
  traffic::ForEachHeader(
      list, [&](std::string_view name, std::string_view value) { out.emplace_back(name, value); });
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(header_list)

BOOST_AUTO_TEST_CASE(gives_back_what_was_appended_in_order) {
  const Headers headers = {
      {"a", "1"}, {"x-empty", ""}, {"", "no name"}, {"b", std::string("\0\n", 2)}};
  std::string list;
  for (const auto& [name, value] : headers) AppendHeader(&list, name, value);
  BOOST_CHECK(Read(list) == headers);
}

BOOST_AUTO_TEST_CASE(an_empty_list_has_no_headers) { BOOST_TEST(Read("").empty()); }

BOOST_AUTO_TEST_CASE(finds_the_first_value_of_a_name) {
  std::string list;
  AppendHeader(&list, "a", "1");
  AppendHeader(&list, "b", "2");
  AppendHeader(&list, "b", "3");
  BOOST_TEST(FindHeader(list, "b") == "2");
}

BOOST_AUTO_TEST_CASE(tells_an_empty_value_from_a_missing_header) {
  std::string list;
  AppendHeader(&list, "a", "");
  BOOST_TEST((FindHeader(list, "a").data() != nullptr));
  BOOST_TEST((FindHeader(list, "b").data() == nullptr));
}

BOOST_AUTO_TEST_CASE(cuts_names_and_values_at_what_their_lengths_can_say) {
  std::string list;
  AppendHeader(&list, std::string(70'000, 'n'), std::string(65'536, 'v'));
  AppendHeader(&list, "after", "it");
  const Headers headers = Read(list);
  BOOST_REQUIRE(headers.size() == 2);
  BOOST_TEST(headers[0].first.size() == 65'535);
  BOOST_TEST(headers[0].second.size() == 65'535);
  BOOST_TEST(headers[1].second == "it");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
