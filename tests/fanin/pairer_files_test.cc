// SPDX-License-Identifier: Apache-2.0
#include "fanin/pairer_files.h"

#include <boost/test/unit_test.hpp>

#include "nlohmann/json.hpp"

namespace traffictap::fanin {
namespace {

using nlohmann::json;

std::string List(const std::string& collector, const std::string& output = "disk") {
  return R"({"tap":"shop/all","collector":")" + collector + R"(","outputs":[{"name":")" + output +
         R"(","files":[{"name":"all.jsonl","size":7,"head":42}]}]})";
}

Asked Answers(const std::vector<std::string>& bodies) {
  Asked out;
  for (const auto& body : bodies) {
    out.answers.push_back({200, std::nullopt, body});
    out.answered.push_back("p" + std::to_string(out.answers.size()) + ":1");
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pairer_files)

BOOST_AUTO_TEST_CASE(a_list_is_asked_of_all_and_a_file_of_one_with_a_limit) {
  const auto list = ReadFilesQuery("tap=shop%2Fall&output=disk").value();
  BOOST_TEST(list.text == "tap=shop%2Fall&output=disk");
  BOOST_TEST(list.pairer == "");
  const auto part = ReadFilesQuery("file=x&pairer=%5B%3A%3A1%5D%3A9&plain=true").value();
  BOOST_TEST(part.text == "file=x&plain=true&limit=8388608");
  BOOST_TEST(part.pairer == "[::1]:9");
  for (const auto& [asked, limit] : {std::pair{"5", "5"},
                                     {"999999999", "8388608"},
                                     {"0", "0"},
                                     {"many", "many"},
                                     {"99999999999999999999999", "99999999999999999999999"}}) {
    const auto read = ReadFilesQuery(std::string("file=x&pairer=a&limit=") + asked).value();
    BOOST_TEST(read.text == std::string("file=x&limit=") + limit);
  }
}

BOOST_AUTO_TEST_CASE(a_file_without_its_pairer_is_nobodys) {
  for (const char* bad : {"file=x", "tap=t&pairer=a%3A1", "tap=%zz"}) {
    BOOST_TEST(absl::IsInvalidArgument(ReadFilesQuery(bad).status()), bad);
  }
}

BOOST_AUTO_TEST_CASE(each_output_is_there_once_for_each_pairer_in_the_order_of_names) {
  Asked asked = Answers({List("pairer-1"), List("pairer-0")});
  asked.missing = {{"p3:1", "it cannot be reached"}};
  const auto list = json::parse(MergeFileLists(asked).value());
  BOOST_TEST(list["tap"] == "shop/all");
  BOOST_REQUIRE(list["outputs"].size() == 2u);
  for (const int i : {0, 1}) {
    const auto& output = list["outputs"][i];
    BOOST_TEST(output["name"] == "disk");
    BOOST_TEST(output["collector"] == "pairer-" + std::to_string(i));
    BOOST_TEST(output["pairer"] == (i == 0 ? "p2:1" : "p1:1"));
    BOOST_TEST(output["files"][0]["head"] == 42);
  }
  BOOST_TEST(list["partial"]["missing"][0]["pairer"] == "p3:1");
  asked.missing.clear();
  BOOST_TEST(!json::parse(MergeFileLists(asked).value()).contains("partial"));
}

BOOST_AUTO_TEST_CASE(pairers_whose_files_cannot_be_told_apart_are_named_with_the_fix) {
  const Status same = MergeFileLists(Answers({List("host"), List("host")})).status();
  BOOST_TEST(absl::IsFailedPrecondition(same));
  BOOST_TEST(Message(same).find("p1:1 and p2:1 are both called \"host\"") != std::string::npos,
             Message(same));
  BOOST_TEST(Message(same).find("--name") != std::string::npos);
  for (const char* name : {"", ".", "..", "a/b"}) {
    const Status bad = MergeFileLists(Answers({List(name)})).status();
    BOOST_TEST(absl::IsFailedPrecondition(bad), name);
    BOOST_TEST(Message(bad).find("--name") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(what_no_pairer_answers_is_told) {
  for (const char* body :
       {"no JSON", "[]", R"({"collector":7})", R"({"collector":"p","outputs":[7]})"}) {
    BOOST_TEST(absl::IsInternal(MergeFileLists(Answers({body})).status()), body);
  }
}

BOOST_AUTO_TEST_CASE(a_part_that_is_not_whole_is_a_failure_and_no_end) {
  const auto part = FilePartAnswer("a:1", kube::HttpResponse{200, std::nullopt, "bytes"}, nullptr);
  BOOST_TEST(part.code == 200);
  std::string taken;
  BOOST_REQUIRE(part.stream);
  BOOST_CHECK(part.stream->Pull(&taken) == web::BodySource::Next::kEnd);
  BOOST_TEST(taken == "bytes");
  BOOST_TEST(part.content_type == "application/octet-stream");
  const auto cut = FilePartAnswer("a:1", absl::UnavailableError("cut"), nullptr);
  BOOST_TEST(cut.code == 503);
  BOOST_TEST(cut.body.find("pairer a:1: it cannot be reached") != std::string::npos, cut.body);
  const auto other =
      FilePartAnswer("a:1", kube::HttpResponse{409, std::nullopt, "another"}, nullptr);
  BOOST_TEST(other.code == 409);
  BOOST_TEST(other.body == "another");
}

BOOST_AUTO_TEST_CASE(a_part_counts_until_the_caller_has_taken_all_of_it) {
  const auto ticket = std::make_shared<int>();
  const size_t size = size_t{300} << 10;
  const auto part =
      FilePartAnswer("a:1", kube::HttpResponse{200, std::nullopt, std::string(size, 'x')}, ticket);
  BOOST_REQUIRE(part.stream);
  BOOST_TEST(ticket.use_count() == 2);
  std::string taken;
  int pieces = 1;
  while (part.stream->Pull(&taken) == web::BodySource::Next::kNow) ++pieces;
  BOOST_TEST(pieces == 3);
  BOOST_TEST(taken.size() == size);
  part.stream->Ended(web::StreamEnd::kFinished);
  BOOST_TEST(ticket.use_count() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::fanin
