// SPDX-License-Identifier: Apache-2.0
#include "traffic/trace_context.h"

#include <boost/test/unit_test.hpp>

#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of the unit under test

constexpr const char* kTrace = "0af7651916cd43dd8448eb211c80319c";
constexpr const char* kSpan = "b7ad6b7169203331";
constexpr const char* kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

void CheckIds(const std::optional<TraceContext>& trace) {
  BOOST_REQUIRE(trace);
  BOOST_TEST(TraceIdText(*trace) == kTrace);
  BOOST_TEST(SpanIdText(*trace) == kSpan);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trace_context)

BOOST_AUTO_TEST_CASE(reads_a_traceparent) {
  CheckIds(ParseTraceParent(kParent));
  BOOST_TEST(ParseTraceParent(kParent)->flags == 1);
}

BOOST_AUTO_TEST_CASE(a_later_version_may_have_more_and_the_first_may_not) {
  BOOST_TEST(!ParseTraceParent(std::string(kParent) + "-more").has_value());
  std::string later = kParent;
  later[1] = '7';
  BOOST_TEST(ParseTraceParent(later).has_value());
  BOOST_TEST(ParseTraceParent(later + "-more").has_value());
  BOOST_TEST(!ParseTraceParent(later + "more").has_value());
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_traceparent) {
  for (const char* bad : {"", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                          "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                          "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-zz"}) {
    BOOST_TEST(!ParseTraceParent(bad).has_value(), bad);
  }
}

BOOST_AUTO_TEST_CASE(reads_b3_as_one_header) {
  const std::string ids = std::string(kTrace) + "-" + kSpan;
  for (const char* rest : {"", "-0", "-1", "-d", "-1-05e3ac9a4f6e3b90"})
    CheckIds(ParseB3(ids + rest));
  BOOST_TEST(ParseB3(ids + "-1")->flags == 1);
  BOOST_TEST(ParseB3(ids + "-d")->flags == 1);
  BOOST_TEST(ParseB3(ids + "-0")->flags == 0);
  const auto brief = ParseB3("8448eb211c80319c-b7ad6b7169203331");
  BOOST_REQUIRE(brief);
  BOOST_TEST(TraceIdText(*brief) == "00000000000000008448eb211c80319c");
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_b3) {
  for (const char* bad : {"", "0", "1", "-", "8448eb211c80319c", "8448eb211c80319c-",
                          "8448eb211c80319c-b7ad6b716920333", "8448EB211C80319C-b7ad6b7169203331",
                          "0000000000000000-b7ad6b7169203331", "8448eb211c80319c-0000000000000000",
                          "8448eb211c80319c00-b7ad6b7169203331"}) {
    BOOST_TEST(!ParseB3(bad).has_value(), bad);
  }
  BOOST_TEST(!ParseB3(kTrace, "").has_value());
}

BOOST_AUTO_TEST_CASE(the_first_header_that_can_be_read_counts) {
  const std::string other = "8448eb211c80319c-1111111111111111";
  CheckIds(TraceIn(HeaderList({{"b3", other}, {"traceparent", kParent}})));
  CheckIds(TraceIn(
      HeaderList({{"traceparent", "broken"}, {"x-b3-spanid", kSpan}, {"x-b3-traceid", kTrace}})));
  BOOST_TEST(SpanIdText(TraceIn(
                 HeaderList({{"x-b3-traceid", kTrace}, {"x-b3-spanid", kSpan}, {"b3", other}}))) ==
             "1111111111111111");
  BOOST_TEST(!TraceIn(HeaderList({{"x-b3-traceid", kTrace}})).present());
  BOOST_TEST(!TraceIn({}).present());
  BOOST_TEST(TraceIdText(TraceIn({})).empty());
  BOOST_TEST(SpanIdText(TraceIn({})).empty());
}

BOOST_AUTO_TEST_CASE(one_trace_is_that_whatever_its_span) {
  const auto trace = *ParseTraceParent(kParent);
  BOOST_TEST(trace.OfSameTrace(*ParseTraceId(kTrace)));
  BOOST_TEST(!trace.OfSameTrace(*ParseTraceId("8448eb211c80319c")));
  for (const char* bad :
       {"", "8448eb211c80319", "00000000000000000000000000000000", "zz48eb211c80319c"}) {
    BOOST_TEST(!ParseTraceId(bad).has_value(), bad);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
