// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "cli/commands/program.h"
#include "fakes/captured_console.h"
#include "fakes/temp_dir.h"
#include "fmt/format.h"

namespace traffictap {
namespace {

constexpr const char* kTrace = "0af7651916cd43dd8448eb211c80319c";
constexpr const char* kId = "3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f60";

// A call of 1 ms less on the server's side, from `begin` ms on.
std::string Call(const std::string& id, const std::string& from, const std::string& to, int begin,
                 int duration, const std::string& more) {
  const auto side = [&](const std::string& pod, int took) {
    return fmt::format(R"({{"pod":"{}","startTime":"2026-01-31T12:00:00.{:03}Z",)"
                       R"("durationMs":{},"code":200}})",
                       pod, begin, took);
  };
  return fmt::format(
      R"({{"id":"{}","verdict":"Ok","source":{{"name":"{}","namespace":"shop"}},)"
      R"("destination":{{"name":"{}","namespace":"shop"}},"request":{{"method":"GET",)"
      R"("path":"/{}","id":"{}"}},"response":{{"code":200}},"timings":{{"betweenMs":1,)"
      R"("clientMs":{},"serverMs":{}}},"client":{},"server":[{}]{}}})"
      "\n",
      id, from, to, to, kId, duration, duration - 1, side(from + "-0", duration),
      side(to + "-0", duration - 1), more);
}

struct Fixture {
  int Run(const std::string& id, const std::string& records) {
    console = {};
    dir.Write("records.jsonl", records);
    cli::Session session{&console, &clock, {}};
    return cli::RunProgram({"trace", id, "--file", dir / "records.jsonl"}, session);
  }

  const std::string trace = fmt::format(R"(,"trace":{{"traceId":"{}","spanId":""}})", kTrace);
  fakes::TempDir dir;
  fakes::CapturedConsole console;
  base::SystemClock clock;
};

constexpr const char* kTree =
    "CALL                       CODE    VERDICT              TOTAL      SELF   BETWEEN  PLACED BY\n"
    "shop/client\n"
    "└─ shop/web GET /web       200     Ok                  20.0ms    9.00ms    1.00ms\n"
    "   └─ shop/cart GET /cart  200     Ok                  10.0ms    9.00ms    1.00ms  proxy\n";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(trace_command, Fixture)

BOOST_AUTO_TEST_CASE(the_calls_of_a_trace_are_a_tree_and_others_are_left_out) {
  const std::string records = Call("1", "web", "cart", 5, 10, trace) +
                              Call("2", "client", "web", 0, 20, trace) +
                              Call("3", "client", "web", 0, 20, "");
  for (const char* header : {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                             "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                             "b3: 0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1"}) {
    BOOST_TEST(Run(header, records) == 0, header);
  }
  BOOST_TEST(Run("0AF7651916CD43DD8448EB211C80319C", records) == 0, console.said);
  BOOST_TEST(console.output.find("└─ shop/web GET /web") != std::string::npos, console.output);
  BOOST_TEST(console.output.find("   └─ shop/cart GET /cart") != std::string::npos);
  BOOST_TEST(console.output.find("PLACED BY") != std::string::npos);
  BOOST_TEST(std::count(console.output.begin(), console.output.end(), '\n') == 4);
}

BOOST_AUTO_TEST_CASE(a_request_id_names_them_too_and_the_trace_that_they_carry_is_told) {
  const std::string records =
      Call("1", "web", "cart", 5, 10, trace) + Call("2", "client", "web", 0, 20, trace);
  std::string other_digit = kId;
  other_digit[14] = '9';
  BOOST_TEST(Run(other_digit, records) == 0, console.said);
  BOOST_TEST(std::count(console.output.begin(), console.output.end(), '\n') == 4);
  BOOST_TEST(console.said.find(fmt::format("kubectl traffictap trace {}", kTrace)) !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_told_of_each_call) {
  const std::string records =
      Call("1", "web", "cart", 5, 10, trace) + Call("2", "client", "web", 0, 20, trace);
  BOOST_TEST(Run(kTrace, records) == 0, console.said);
  BOOST_TEST(console.output == kTree);
}

BOOST_AUTO_TEST_CASE(a_record_that_comes_twice_is_one_call) {
  const std::string call = Call("1", "web", "cart", 5, 10, trace);
  BOOST_TEST(Run(kTrace, call + call) == 0, console.said);
  BOOST_TEST(std::count(console.output.begin(), console.output.end(), '\n') == 3);
}

BOOST_AUTO_TEST_CASE(of_two_records_of_a_call_the_one_with_more_sides_counts) {
  const std::string whole = Call("1", "web", "cart", 5, 10, trace);
  std::string half = whole;
  half.replace(half.find(R"("server":[)"), half.find(']') - half.find(R"("server":[)") + 1,
               R"("orphanReason":"PeerNotTapped")");
  for (const std::string& records : {half + whole, whole + half}) {
    BOOST_TEST(Run(kTrace, records) == 0, console.said);
    BOOST_TEST(std::count(console.output.begin(), console.output.end(), '\n') == 3);
    BOOST_TEST(console.output.find("9.00ms") != std::string::npos, console.output);
    BOOST_TEST(console.output.find("PeerNotTapped") == std::string::npos, console.output);
  }
}

BOOST_AUTO_TEST_CASE(a_stream_is_one_call_and_its_newest_record_counts) {
  const std::string open = Call("1", "web", "cart", 5, 10, trace + R"(,"state":"Open")");
  const std::string later = Call("1", "web", "cart", 5, 20, trace + R"(,"state":"Open")");
  const std::string ended = Call("1", "web", "cart", 5, 90, trace);
  BOOST_TEST(Run(kTrace, open + later) == 0, console.said);
  BOOST_TEST(console.output.find("20.0ms") != std::string::npos, console.output);
  BOOST_TEST(console.output.find(" Open ") != std::string::npos, console.output);
  BOOST_TEST(Run(kTrace, open + ended + later) == 0, console.said);
  BOOST_TEST(std::count(console.output.begin(), console.output.end(), '\n') == 3);
  BOOST_TEST(console.output.find("90.0ms") != std::string::npos, console.output);
  BOOST_TEST(console.output.find(" Ok ") != std::string::npos, console.output);
}

BOOST_AUTO_TEST_CASE(an_id_that_nothing_carries_is_told) {
  BOOST_TEST(Run("8448eb211c80319c", Call("1", "web", "cart", 5, 10, trace)) == 3);
  BOOST_TEST(console.output.empty());
  BOOST_TEST(console.said.find("8448eb211c80319c") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
