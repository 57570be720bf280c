// SPDX-License-Identifier: Apache-2.0
#include "collector/record_files.h"

#include <boost/test/unit_test.hpp>

#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

std::vector<tap::TapSpecPtr> Taps() {
  auto bank = std::make_shared<tap::TapSpec>();
  bank->ns = "bank";
  bank->name = "all";
  auto spec = std::make_shared<tap::TapSpec>();
  spec->ns = "shop";
  spec->name = "all";
  spec->outputs.resize(2);
  spec->outputs[0].name = "lines";
  spec->outputs[1].name = "disk";
  spec->outputs[1].type = tap::OutputType::kFile;
  spec->outputs[1].file.path = "shop/all.jsonl";
  return {bank, spec};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record_files)

BOOST_AUTO_TEST_CASE(the_file_outputs_of_a_tap_in_force_are_found_with_their_files) {
  const fakes::TempDir dir;
  dir.Write("shop/all.jsonl", "{}\n");
  const collector::RecordFiles files("pairer-1", dir.path().string(), Taps);
  BOOST_TEST(files.collector() == "pairer-1");
  const auto outputs = files.OutputsOf("shop/all").value();
  BOOST_REQUIRE(outputs.size() == 1u);
  BOOST_TEST(outputs[0].name == "disk");
  const auto listed = files.List(outputs[0]).value();
  BOOST_REQUIRE(listed.size() == 1u);
  BOOST_TEST(listed[0].name == "all.jsonl");
  std::string read;
  BOOST_TEST(files.Open(outputs[0], {.file = "all.jsonl"}).value()->Read(&read).value() == 3u);
  BOOST_TEST(read == "{}\n");
  BOOST_TEST(files.OutputsOf("bank/all").value().empty());
  BOOST_TEST(absl::IsNotFound(files.OutputsOf("shop/gone").status()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
