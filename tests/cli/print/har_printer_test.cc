// SPDX-License-Identifier: Apache-2.0
#include "cli/print/har_printer.h"

#include <boost/test/unit_test.hpp>

#include "cli/print/printing.h"
#include "nlohmann/json.hpp"

namespace traffictap {

using fakes::CheckGolden;
using fakes::Line;
using fakes::Printed;
using Json = nlohmann::ordered_json;

BOOST_AUTO_TEST_SUITE(har_printer)

BOOST_AUTO_TEST_CASE(an_archive_of_the_requests) { CheckGolden("records.har", Printed("har", {})); }

BOOST_AUTO_TEST_CASE(it_is_whole_after_every_number_of_records) {
  for (size_t count = 0; count < 4; ++count) {
    const std::vector<std::string> lines(count, Line("pair"));
    const Json har = Json::parse(Printed("har", {}, lines));
    BOOST_TEST(har["log"]["entries"].size() == count);
  }
}

BOOST_AUTO_TEST_CASE(connections_are_left_out_and_counted) {
  auto printer = cli::print::MakeHarPrinter({});
  std::string out;
  BOOST_TEST(printer->Print(Line("connection"), &out).ok());
  BOOST_TEST(printer->left_out() == 1);
  printer->Finish(&out);
  BOOST_TEST(Json::parse(out)["log"]["entries"].empty());
}

BOOST_AUTO_TEST_CASE(the_parts_of_the_time_make_up_the_whole) {
  const Json har = Json::parse(Printed("har", {}, {Line("pair"), Line("orphan"), Line("hostile")}));
  for (const auto& entry : har["log"]["entries"]) {
    double sum = 0;
    for (const auto& part : entry["timings"]) {
      BOOST_TEST(part.get<double>() >= 0);
      sum += part.get<double>();
    }
    BOOST_TEST(std::abs(sum - entry["time"].get<double>()) < 0.001);
  }
  const auto& pair = har["log"]["entries"][0]["timings"];
  BOOST_TEST(pair["blocked"] == 1.5);
  BOOST_TEST(pair["send"] == 0.5);
  BOOST_TEST(pair["wait"] == 116.0);
  BOOST_TEST(pair["receive"] == 2.5);
}

BOOST_AUTO_TEST_CASE(moments_out_of_order_make_no_negative_part) {
  const Json har = Json::parse(Printed(
      "har", {},
      {R"({"request":{"method":"GET"},"timings":{"clientMs":10},"client":{"firstUpstreamTxByteMs":8,)"
       R"("lastUpstreamTxByteMs":3,"firstUpstreamRxByteMs":99}})"}));
  const auto& timings = har["log"]["entries"][0]["timings"];
  BOOST_TEST(timings.dump() == R"({"blocked":8.0,"send":0.0,"wait":2.0,"receive":0.0})");
}

BOOST_AUTO_TEST_CASE(a_record_of_a_sample_has_its_weight) {
  const Json sampled =
      Json::parse(Printed("har", {}, {R"({"request":{"method":"GET"},"weight":2.5})"}));
  BOOST_TEST(sampled["log"]["entries"][0]["_traffictap"]["weight"].dump() == "2.5");
  const Json one = Json::parse(Printed("har", {}, {R"({"request":{"method":"GET"}})"}));
  BOOST_TEST(!one["log"]["entries"][0]["_traffictap"].contains("weight"));
}

BOOST_AUTO_TEST_CASE(on_a_terminal_nothing_steers_and_the_meaning_stays) {
  const std::string text = Printed("har", {.terminal = true});
  for (const unsigned char c : text) BOOST_TEST((c == '\n' || (c >= 0x20 && c < 0x7f)));
  BOOST_TEST((Json::parse(text) == Json::parse(Printed("har", {}))));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
