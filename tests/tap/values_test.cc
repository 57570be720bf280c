// SPDX-License-Identifier: Apache-2.0
#include "tap/values.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>

namespace traffictap {
namespace {

using namespace tap;  // NOLINT: the names of the unit under test

}  // namespace

BOOST_AUTO_TEST_SUITE(values)

BOOST_AUTO_TEST_CASE(reads_durations_of_one_and_of_several_units) {
  const std::pair<const char*, base::Nanos> cases[] = {
      {"0s", 0},
      {"1ns", 1},
      {"5us", 5'000},
      {"100ms", 100'000'000},
      {"5s", 5'000'000'000},
      {"2m", 120'000'000'000},
      {"1h30m", 5'400'000'000'000},
      {"1h2m3s4ms5us6ns", 3'723'004'005'006},
      {"90m", 5'400'000'000'000},
  };
  for (const auto& [text, nanos] : cases) {
    const auto parsed = ParseDuration(text);
    BOOST_TEST_REQUIRE(parsed.ok(), text);
    BOOST_TEST(*parsed == nanos, text);
  }
}

BOOST_AUTO_TEST_CASE(refuses_durations_that_could_mean_something_else) {
  for (const char* text :
       {"", "5", "s", "-5s", "+5s", "1.5s", "5 s", "5S", "05s", "1s1s", "1m1h", "5sx", "1d",
        "99999999999h", "18446744073709551616s", "9223372036854775808ns"}) {
    BOOST_TEST(absl::IsInvalidArgument(ParseDuration(text).status()), text);
  }
  BOOST_TEST(Message(ParseDuration("x").status()).find("such as 100ms, 5s or 1h30m") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(reads_the_largest_duration) {
  BOOST_TEST(*ParseDuration("9223372036854775807ns") == INT64_MAX);
}

BOOST_AUTO_TEST_CASE(reads_codes_and_ranges_of_codes) {
  BOOST_CHECK(*ParseCodeRange("404") == (CodeRange{404, 404}));
  BOOST_CHECK(*ParseCodeRange("500-599") == (CodeRange{500, 599}));
  BOOST_CHECK(*ParseCodeRange("100-599") == (CodeRange{100, 599}));
  BOOST_CHECK(*ParseCodeRange("0") == (CodeRange{0, 0}));
  BOOST_CHECK(*ParseCodeRange("200-200") == (CodeRange{200, 200}));
  BOOST_CHECK(*ParseCodeRange("1xx") == (CodeRange{100, 199}));
  BOOST_CHECK(*ParseCodeRange("5xx") == (CodeRange{500, 599}));
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_code) {
  for (const char* text : {"", "99", "600", "599-500", "500-600", "6xx", "-1", "500-", "-599",
                           "500 - 599", "0-599", "00", "500--599", "4294967696"}) {
    BOOST_TEST(absl::IsInvalidArgument(ParseCodeRange(text).status()), text);
  }
}

BOOST_AUTO_TEST_CASE(reads_sizes_with_decimal_and_binary_units) {
  const std::pair<const char*, uint64_t> cases[] = {
      {"0", 0},
      {"4096", 4096},
      {"10k", 10'000},
      {"10M", 10'000'000},
      {"2G", 2'000'000'000},
      {"1Ki", 1024},
      {"128Mi", 134'217'728},
      {"3Gi", 3'221'225'472},
      {"18446744073709551615", UINT64_MAX},
  };
  for (const auto& [text, bytes] : cases) {
    const auto parsed = ParseBytes(text);
    BOOST_TEST_REQUIRE(parsed.ok(), text);
    BOOST_TEST(*parsed == bytes, text);
  }
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_size) {
  for (const char* text : {"", "Mi", "1.5Gi", "-1", "10 M", "10m", "10K", "10KB", "010",
                           "18446744073709551616", "18446744073709551615k"}) {
    BOOST_TEST(absl::IsInvalidArgument(ParseBytes(text).status()), text);
  }
}

BOOST_AUTO_TEST_CASE(writes_the_shortest_duration) {
  BOOST_TEST(FormatDuration(0) == "0s");
  BOOST_TEST(FormatDuration(5400 * base::kSecond) == "1h30m");
  BOOST_TEST(FormatDuration(1'000'000'001) == "1s1ns");
  BOOST_TEST(FormatDuration(100 * base::kMillisecond) == "100ms");
}

BOOST_AUTO_TEST_CASE(writes_sizes_in_the_largest_unit_that_leaves_a_whole_number) {
  BOOST_TEST(FormatBytes(64 << 20) == "64Mi");
  BOOST_TEST(FormatBytes(1ull << 40) == "1024Gi");
  BOOST_TEST(FormatBytes(1536 << 10) == "1536Ki");
  BOOST_TEST(FormatBytes(4097) == "4097");
  BOOST_TEST(FormatBytes(0) == "0");
}

BOOST_AUTO_TEST_CASE(a_broker_is_a_host_and_a_port_alone) {
  for (const char* good : {"k:1", "kafka-0.kafka:9092", "[fd00::1]:65535"}) {
    BOOST_TEST(IsBroker(good), good);
  }
  for (const char* bad : {"", "k", ":9092", "k:", "k:0", "k:65536", "k:09092", "k:+1", "k 1:9092",
                          "k:1,l:2", "http://k:9092", "k:99999999999"}) {
    BOOST_TEST(!IsBroker(bad), bad);
  }
}

BOOST_AUTO_TEST_CASE(a_topic_has_the_letters_and_the_length_that_kafka_takes) {
  for (const std::string& good : {std::string("a"), std::string("A.b_c-9"), std::string("..."),
                                  std::string(kTopicMax, 't')}) {
    BOOST_TEST(IsTopic(good), good);
  }
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string("a b"), std::string("a/b"),
        std::string(kTopicMax + 1, 't')}) {
    BOOST_TEST(!IsTopic(bad), bad);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
