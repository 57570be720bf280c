// SPDX-License-Identifier: Apache-2.0
#include "cli/records/file_source.h"

#include <boost/test/unit_test.hpp>

#include "cli/records/file_collector.h"

namespace traffictap {
namespace {

struct Fixture : cli::FileCollector {
  Status Read(bool plain, uint64_t size) {
    return Source().Read({"disk"}, files.at(0).name, plain, size, &copied,
                         [this](std::string_view bytes) {
                           got += bytes;
                           return taken;
                         });
  }
  cli::Copied copied;
  std::string got;
  Status taken;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(file_source, Fixture)

BOOST_AUTO_TEST_CASE(the_files_of_each_output_are_listed) {
  Set({{"all-1.jsonl.gz", "a\n", true}, {"all.jsonl", "b\n"}});
  const auto outputs = Source().List().value().outputs;
  BOOST_REQUIRE(outputs.size() == 1u);
  BOOST_TEST(outputs[0].name == "disk");
  BOOST_REQUIRE(outputs[0].files.size() == 2u);
  const auto& old = outputs[0].files[0];
  BOOST_TEST(old.name == "all-1.jsonl.gz");
  BOOST_TEST(old.size == 9u);
  BOOST_TEST(old.compressed);
  BOOST_TEST(!old.current);
  BOOST_TEST(old.head == tap::HeadOf("a\n"));
  BOOST_TEST(outputs[0].files[1].current);
  BOOST_TEST(outputs[0].collector == "");
}

BOOST_AUTO_TEST_CASE(files_of_several_collectors_are_asked_for_where_they_are) {
  SetPairers({{"p-0", {{"all.jsonl", "a\n"}}}, {"p-1", {{"all.jsonl", "b\n"}}}}, "p-2:9");
  const auto list = Source().List().value();
  BOOST_REQUIRE(list.outputs.size() == 2u);
  BOOST_TEST(list.outputs[1].collector == "p-1");
  BOOST_TEST(list.outputs[1].pairer == "p-1:9");
  BOOST_TEST(list.answer.find("p-2:9") != std::string::npos);
  const auto take = [this](std::string_view bytes) {
    got += bytes;
    return absl::OkStatus();
  };
  BOOST_TEST(Source().Read(list.outputs[1], "all.jsonl", false, 2, &copied, take).ok());
  BOOST_TEST(got == "b\n");
  // By now another one has that address.
  cli::RemoteOutput moved = list.outputs[1];
  moved.pairer = "p-0:9";
  copied = {};
  BOOST_TEST(absl::IsAborted(Source().Read(moved, "all.jsonl", false, 2, &copied, take)));
}

BOOST_AUTO_TEST_CASE(names_that_lead_out_of_a_directory_are_refused) {
  for (const char* name : {"", ".", "..", "../x", "/etc/passwd"}) {
    kube::Json file = kube::Json::object();
    file["name"] = name;
    SetOutputs(kube::Json::array({Output("disk", kube::Json::array({file}))}));
    BOOST_TEST(absl::IsDataLoss(Source().List().status()), name);
    SetOutputs(kube::Json::array({Output(name, kube::Json::array())}));
    BOOST_TEST(absl::IsDataLoss(Source().List().status()), name);
    if (*name == '\0') continue;  // of a collector: there is one alone
    SetPairers({{name, {{"all.jsonl", "a\n"}}}});
    BOOST_TEST(absl::IsDataLoss(Source().List().status()), name);
  }
  SetOutputs(kube::Json::array());
  BOOST_TEST(absl::IsDataLoss(Source().List().status()));
}

BOOST_AUTO_TEST_CASE(a_file_is_read_answer_by_answer_from_what_was_copied) {
  const std::string text = std::string(5000, 'x') + "\n" + std::string(5000, 'y') + "\n";
  Set({{"all.jsonl", text}});
  answer_bytes = 3000;
  copied.Add(text.substr(0, 4500));
  BOOST_TEST(copied.tail.size() == tap::kCheckBytes);
  BOOST_TEST(Read(false, text.size()).ok());
  BOOST_TEST((got == text.substr(4500)));
  BOOST_TEST(copied.bytes == text.size());
  BOOST_TEST(paths.size() == 2u);
  BOOST_TEST(paths[0].find("/namespaces/shop/files?tap=shop%2Fall&output=disk&file=all.jsonl&"
                           "offset=4500&check=") != std::string::npos,
             paths[0]);
}

BOOST_AUTO_TEST_CASE(what_is_in_a_compressed_file_is_read_until_no_more_comes) {
  Set({{"all-1.jsonl.gz", "a\nb\n", true}});
  BOOST_TEST(Read(true, 1000).ok());
  BOOST_TEST(got == "a\nb\n");
  BOOST_TEST(paths.size() == 2u);
  BOOST_TEST(paths[0].find("plain=true") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_gone_or_another_file_by_now_is_aborted) {
  Set({{"all.jsonl", "a\nb\n"}});
  failures = {absl::NotFoundError("no longer")};
  BOOST_TEST(absl::IsAborted(Read(false, 4)));
  copied.Add("c\n");
  BOOST_TEST(absl::IsAborted(Read(false, 4)));
}

BOOST_AUTO_TEST_CASE(what_the_taker_says_is_the_result) {
  Set({{"all.jsonl", "a\n"}});
  taken = absl::DataLossError("full");
  BOOST_TEST((Read(false, 2) == taken));
  BOOST_TEST(copied.bytes == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
