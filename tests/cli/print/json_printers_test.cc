// SPDX-License-Identifier: Apache-2.0
#include "cli/print/json_printers.h"

#include <boost/test/unit_test.hpp>

#include "cli/print/printing.h"

namespace traffictap {

using fakes::CheckGolden;
using fakes::Line;
using fakes::Printed;

BOOST_AUTO_TEST_SUITE(json_printers)

BOOST_AUTO_TEST_CASE(json_is_the_line_byte_by_byte) {
  const std::string line = R"({ "b" : 1.500,"a":"grüße)"
                           "\xe2\x80\xae"
                           R"(\u001b"} )";
  BOOST_TEST(Printed("json", {}, {line}) == line + "\n");
}

BOOST_AUTO_TEST_CASE(json_on_a_terminal_means_the_same_and_steers_nothing) {
  const std::string line = "{\"a\":\"\xe2\x80\xae\\u001b\xc2\x9b\"}";
  BOOST_TEST(Printed("json", {.terminal = true}, {line}) == "{\"a\":\"\\u202e\\u001b\\u009b\"}\n");
}

BOOST_AUTO_TEST_CASE(yaml_documents) { CheckGolden("records.yaml", Printed("yaml", {})); }

BOOST_AUTO_TEST_CASE(names) {
  BOOST_TEST(Printed("name", {}, {Line("pair"), Line("orphan")}) ==
             "pair.tap.traffictap.io/00c0ffee00c0ffee\npair.tap.traffictap.io/00000000deadbeef\n");
}

BOOST_AUTO_TEST_CASE(a_template_ends_its_line_unless_it_does_so_itself) {
  const std::vector<std::string> lines = {Line("pair"), Line("orphan")};
  BOOST_TEST(Printed("jsonpath={.verdict}", {}, lines) == "Mismatch\nOk\n");
  BOOST_TEST(Printed("jsonpath={.verdict}{\"\\n\"}", {}, lines) == "Mismatch\nOk\n");
  BOOST_TEST(Printed("jsonpath={.orphanReason}", {}, lines) == "PeerNotMeshed\n");
}

BOOST_AUTO_TEST_CASE(what_is_no_object_is_refused) {
  for (const char* form : {"json", "yaml", "name", "jsonpath={.a}"}) {
    auto printer = *cli::print::MakePrinter(form, {});
    std::string out;
    for (const auto& line : {std::string(), std::string("7"), std::string("[]"),
                             std::string("{\"a\":"), std::string("{} {}")}) {
      BOOST_TEST((printer->Print(line, &out).code() == absl::StatusCode::kInvalidArgument));
    }
    BOOST_TEST(out.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_line_that_nests_without_end_is_refused) {
  const std::string deep = "{\"a\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}";
  for (const char* form : {"yaml", "jsonpath={..a}", "table", "har", "csv"}) {
    auto printer = *cli::print::MakePrinter(form, {});
    std::string out;
    BOOST_TEST(!printer->Print(deep, &out).ok());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
