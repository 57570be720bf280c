// SPDX-License-Identifier: Apache-2.0
#include "cli/print/custom_columns_printer.h"

#include <boost/test/unit_test.hpp>

#include "cli/print/printing.h"

namespace traffictap {

using cli::print::MakePrinter;
using fakes::Line;
using fakes::Printed;

namespace {

std::string Fault(const std::string& columns) {
  const auto printer = MakePrinter("custom-columns=" + columns, {});
  BOOST_TEST((printer.status().code() == absl::StatusCode::kInvalidArgument), columns);
  return Message(printer.status());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(custom_columns_printer)

BOOST_AUTO_TEST_CASE(columns_stand_below_each_other_and_what_is_missing_says_so) {
  BOOST_TEST(Printed("custom-columns=VERDICT:.verdict,WHY:.orphanReason,TAP:.tap", {},
                     {R"({"verdict":"Mismatch","tap":"a"})",
                      R"({"verdict":"Ok","orphanReason":"PeerNotMeshed","tap":"b"})",
                      R"({"verdict":null,"tap":"c"})"}) ==
             "VERDICT    WHY      TAP\n"
             "Mismatch   <none>   a\n"
             "Ok         PeerNotMeshed   b\n"
             "<none>     <none>          c\n");
}

BOOST_AUTO_TEST_CASE(paths_are_written_as_kubectl_takes_them) {
  for (const char* path : {".source.name", "source.name", "{.source.name}", "{source.name}",
                           "$.source.name", "..source.name", "source['name']"}) {
    BOOST_TEST(Printed(std::string("custom-columns=FROM:") + path, {},
                       {R"({"source":{"name":"web"}})"}) == "FROM\nweb\n",
               path);
  }
}

BOOST_AUTO_TEST_CASE(several_values_stand_in_one_cell) {
  BOOST_TEST(Printed("custom-columns=A:.s[0,1].code,B:.s[?(@.code==\"5,0\")].code,C:.s",
                     {.header = false}, {R"({"s":[{"code":"5,0"},{"code":2}]})"}) ==
             "5,0,2   5,0   [{\"code\":\"5,0\"},{\"code\":2}]\n");
}

BOOST_AUTO_TEST_CASE(no_byte_of_a_record_breaks_its_line) {
  BOOST_TEST(Printed("custom-columns=P:.p", {}, {R"({"p":"a\nb\u001b[2J"})"}).find("\n", 2) ==
             Printed("custom-columns=P:.p", {}, {R"({"p":"a\nb\u001b[2J"})"}).size() - 1);
}

BOOST_AUTO_TEST_CASE(what_is_no_record_is_refused) {
  auto printer = *MakePrinter("custom-columns=A:.a", {});
  std::string out;
  BOOST_TEST(absl::IsInvalidArgument(printer->Print("7", &out)));
  BOOST_TEST(out.empty());
}

BOOST_AUTO_TEST_CASE(a_column_that_is_none_is_named) {
  BOOST_TEST(Fault("FROM").find("invalid column \"FROM\": use HEADER:PATH") != std::string::npos);
  BOOST_TEST(Fault("").find("invalid column") != std::string::npos);
  BOOST_TEST(Fault("A:.a,").find("invalid column \"\"") != std::string::npos);
  BOOST_TEST(Fault(":.a").find("invalid column") != std::string::npos);
  BOOST_TEST(Fault("A:").find("invalid column") != std::string::npos);
  BOOST_TEST(Fault("A:.a[").find("custom-columns: A: jsonpath:") != std::string::npos);
  BOOST_TEST(Fault("A:{.a} {.b}").find("custom-columns: A:") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
