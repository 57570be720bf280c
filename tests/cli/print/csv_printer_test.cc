// SPDX-License-Identifier: Apache-2.0
#include "cli/print/csv_printer.h"

#include <boost/test/unit_test.hpp>

#include "cli/print/printing.h"

namespace traffictap {

using fakes::CheckGolden;
using fakes::Printed;

BOOST_AUTO_TEST_SUITE(csv_printer)

BOOST_AUTO_TEST_CASE(a_header_and_a_line_per_record) {
  CheckGolden("records.csv", Printed("csv", {}));
}

BOOST_AUTO_TEST_CASE(the_header_is_there_without_a_record_and_may_be_left_out) {
  BOOST_TEST(Printed("csv", {}, {}).starts_with("time,tap,id,requestId,"));
  BOOST_TEST(Printed("csv", {.header = false}, {}) == "");
}

BOOST_AUTO_TEST_CASE(no_cell_of_a_record_begins_like_a_formula) {
  for (const char* begin : {"=", "+", "-", "@", "\\t", "\\r", "\\n"}) {
    const std::string line = std::string(R"({"request":{"path":")") + begin + R"(x"}})";
    const std::string text = Printed("csv", {.header = false}, {line});
    BOOST_TEST(text.find(",'") + text.find(",\"'") != 2 * std::string::npos, text);
  }
}

BOOST_AUTO_TEST_CASE(a_negative_duration_stays_a_number) {
  const std::string text =
      Printed("csv", {.header = false}, {R"({"timings":{"betweenMs":-1.5,"serverMs":12345.000}})"});
  BOOST_TEST(text.find(",12345,-1.5,") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(a_call_of_grpc_has_its_status_beside_its_codes) {
  const std::string line =
      R"({"request":{},"response":{"code":200,"grpcStatus":"INTERNAL"},"client":{"code":200}})";
  const std::string text = Printed("csv", {.header = false}, {line});
  BOOST_TEST(text.find(",200,200,,INTERNAL,") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(a_record_of_a_sample_has_its_weight) {
  const std::string text = Printed("csv", {.header = false}, {R"({"request":{},"weight":2.5})"});
  BOOST_TEST(text.ends_with(",2.5\r\n"), text);
}

BOOST_AUTO_TEST_CASE(on_a_terminal_nothing_steers) {
  const std::string text = Printed("csv", {.terminal = true});
  BOOST_TEST(text.find('\x1b') == std::string::npos);
  BOOST_TEST(text.find("\\u{1b}]0;owned") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
