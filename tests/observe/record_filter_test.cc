#include "observe/record_filter.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "observe/sample_records.h"
#include "traffic/sample_entries.h"

namespace traffictap {
namespace observe {
namespace {

struct Case {
  std::string name;
  std::string value;
  bool matches;
  friend std::ostream& operator<<(std::ostream& out, const Case& c) {
    return out << c.name << "=" << c.value;
  }
};

// Against GET /cart/42?x=1 of authority web.shop:8080 from frontend to cart (shop), 503, 10 ms.
const std::vector<Case> kCases = {
    {"method", "get", true},
    {"method", "POST|GET", true},
    {"method", "POST", false},
    {"path", "/cart", true},
    {"path", "=/cart", false},
    {"path", "=/cart/42", true},
    {"path", "~/cart/[0-9]+", true},
    {"path", "~/cart", false},
    {"scheme", "HTTP", true},
    {"scheme", "https", false},
    {"authority", "web.shop", true},
    {"authority", "*.shop", true},
    {"code", "503", true},
    {"code", "500-599", true},
    {"code", "500,599", true},
    {"code", "5xx", true},
    {"code", "404|503", true},
    {"code", "404|4xx", false},
    {"minDuration", "10ms", true},
    {"minDuration", "11ms", false},
    {"flag", "uf", false},
    {"protocol", "http/1.1", true},
    {"protocol", "TCP", false},
    {"header", "x-other", false},
    {"header", "X-Tenant", true},
    {"header", "x-tenant:blue", true},
    {"header", "x-tenant:Blue", false},
    {"header", "x-tenant:blu", false},
    {"header", "x-tenant: blue", false},
    {"header", "x-tenan", false},
    {"not.header", "x-tenant:blue", false},
    {"verdict", "servererror", true},
    {"grpcStatus", "unavailable|Internal", false},
    {"verdict", "Ok|Retried", false},
    {"direction", "inbound", true},
    {"source", "frontend", true},
    {"source", "shop/front*", true},
    {"source", "cart", false},
    {"sourceNamespace", "shop", true},
    {"sourceNamespace", "bank", false},
    {"destination", "shop/cart", true},
    {"destination", "bank/cart", false},
    {"destinationNamespace", "sh*", true},
    {"workload", "cart|other", true},
    {"namespace", "bank", false},
    {"text", "CART/42", true},
    {"text", "nowhere", false},
    {"not.method", "GET", false},
    {"not.code", "404", true},
};

const std::vector<Case> kRefused = {
    {"code", "600", false},
    {"code", "abc", false},
    {"path", "cart", false},
    {"path", "~[", false},
    {"minDuration", "x", false},
    {"verdict", "Bad", false},
    {"grpcStatus", "14", false},
    {"direction", "up", false},
    {"flag", "NOPE", false},
    {"colour", "red", false},
    {"not.colour", "red", false},
    {"text", "", false},
    {"header", ":blue", false},
    {"header", "x tenant", false},
    {"header", "authorization", false},
    {"header", "Cookie:a", false},
    {"not.header", "x-api-key", false},
};

bool Matches(const std::vector<Parameter>& parameters) {
  auto client =
      fakes::EntryBuilder::Client()
          .Path("/cart/42?x=1")
          .Code(503)
          .Set(traffic::Text::kRequestHeaders, traffic::HeaderList({{"x-tenant", "blue"}}));
  auto server = fakes::EntryBuilder::Server().Path("/cart/42?x=1").Code(503);
  const auto batch = BatchBuilder().Pair(client, server).Build();
  return RecordFilter::Parse(parameters).value()->Matches(batch->pair(0));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record_filter)

BOOST_DATA_TEST_CASE(each_parameter_keeps_what_it_says, kCases) {
  BOOST_TEST(Matches({{sample.name, sample.value}}) == sample.matches);
}

BOOST_DATA_TEST_CASE(what_makes_no_sense_is_refused_by_name, kRefused) {
  const auto parsed = RecordFilter::Parse({{sample.name, sample.value}});
  BOOST_REQUIRE((parsed.status().code() == absl::StatusCode::kInvalidArgument));
  BOOST_TEST(Message(parsed.status()).find(sample.name) == 0u);
}

BOOST_AUTO_TEST_CASE(different_parameters_must_all_hold_and_each_not_excludes_alone) {
  BOOST_TEST(Matches({{"method", "GET"}, {"code", "5xx"}}));
  BOOST_TEST(!Matches({{"method", "GET"}, {"code", "200"}}));
  BOOST_TEST(!Matches({{"not.method", "POST"}, {"not.code", "5xx"}}));
}

BOOST_AUTO_TEST_CASE(no_parameter_matches_everything) {
  BOOST_TEST(Matches({}));
  BOOST_TEST(RecordFilter::Parse({}).value()->empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace observe
}  // namespace traffictap
