// SPDX-License-Identifier: Apache-2.0
#include "kube/list_page.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

using kube::Object;

StatusOr<kube::ListPage> Parse(const std::string& body, std::vector<Object>* out) {
  return kube::ParseListPage(body, kube::kPods, [out](Object pod) { out->push_back(pod); });
}

BOOST_AUTO_TEST_SUITE(list_page)

BOOST_AUTO_TEST_CASE(items_come_one_by_one_in_any_order_of_the_fields) {
  for (const char* body :
       {R"({"kind":"PodList","metadata":{"continue":"c","resourceVersion":"9"},
            "items":[{"metadata":{"name":"a"}},{"kind":"Other","metadata":{"name":"b"}}]})",
        R"({"items":[{"metadata":{"name":"a"}},{"kind":"Other","metadata":{"name":"b"}}],
            "metadata":{"resourceVersion":"9","continue":"c"}})"}) {
    std::vector<Object> pods;
    const auto page = Parse(body, &pods);
    BOOST_TEST_REQUIRE(page.ok(), Message(page.status()));
    BOOST_TEST(page->resource_version == "9");
    BOOST_TEST(page->continue_token == "c");
    BOOST_TEST_REQUIRE(pods.size() == 2u);
    BOOST_TEST(pods[0].kind() == "Pod");
    BOOST_TEST(pods[0].api_version() == "v1");
    BOOST_TEST(pods[1].kind() == "Other");
  }
}

// Another type of number is another value to who asks for it: a port would not be one any more.
BOOST_AUTO_TEST_CASE(values_have_the_types_that_the_other_parser_gives_them) {
  const std::string item =
      R"({"kind":"Pod","apiVersion":"v1","port":9811,"below":-1,"none":0,"real":0.5,"large":18446744073709551615,)"
      R"("text":"\u00e9","yes":true,"nothing":null,"list":[1,{"a":[]}]})";
  std::vector<Object> pods;
  BOOST_TEST_REQUIRE(Parse(R"({"items":[)" + item + "]}", &pods).ok());
  const kube::Json expected = kube::Json::parse(item);
  BOOST_TEST((pods[0].value() == expected));
  for (const auto& [name, value] : expected.items()) {
    BOOST_TEST(pods[0].value()[name].type_name() == value.type_name(), name);
    BOOST_TEST(pods[0].value()[name].is_number_unsigned() == value.is_number_unsigned(), name);
  }
}

BOOST_AUTO_TEST_CASE(an_empty_list_may_be_null) {
  std::vector<Object> pods;
  BOOST_TEST(Parse(R"({"metadata":{"resourceVersion":"9"},"items":null})", &pods).ok());
  BOOST_TEST(Parse(R"({"metadata":{},"items":[]})", &pods).ok());
  BOOST_TEST(pods.empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_list_is_refused) {
  for (const char* body : {"", "[]", "{}", R"({"items":7})", R"({"items":[7]})",
                           R"({"items":[{"a":)", R"({"items":[{"a":1},{]})"}) {
    std::vector<Object> pods;
    BOOST_TEST(absl::IsUnavailable(Parse(body, &pods).status()), body);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
