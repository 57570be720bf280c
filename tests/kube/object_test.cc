// SPDX-License-Identifier: Apache-2.0
#include "kube/object.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

using kube::Json;
using kube::Object;

BOOST_AUTO_TEST_SUITE(object)

BOOST_AUTO_TEST_CASE(metadata_is_read) {
  const auto parsed = Object::Parse(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web",
      "namespace":"shop","uid":"u","resourceVersion":"7","generation":3,
      "deletionTimestamp":"2026-01-01T00:00:00Z","labels":{"app.kubernetes.io/name":"web"},
      "annotations":{"a":"b"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet",
      "name":"web-1","uid":"o","controller":true}]}})");
  BOOST_TEST_REQUIRE(parsed.ok());
  BOOST_TEST(parsed->key().ToString() == "shop/web");
  BOOST_TEST(parsed->uid() == "u");
  BOOST_TEST(parsed->resource_version() == "7");
  BOOST_TEST(parsed->generation() == 3);
  BOOST_TEST(parsed->deleting());
  BOOST_TEST(parsed->label("app.kubernetes.io/name") == "web");
  BOOST_TEST(parsed->annotation("a") == "b");
  BOOST_TEST_REQUIRE(parsed->owner_references().size() == 1u);
  BOOST_TEST(parsed->owner_references()[0].controller);
}

BOOST_AUTO_TEST_CASE(what_is_absent_or_of_another_type_reads_as_empty) {
  for (const char* text :
       {"{}", R"({"metadata":7})", R"({"metadata":{"name":1,"labels":[],"generation":"x",
        "ownerReferences":[7,{}],"annotations":{"a":1}}})",
        R"({"metadata":[{}]})"}) {
    const auto parsed = Object::Parse(text);
    BOOST_TEST_REQUIRE(parsed.ok());
    BOOST_TEST(parsed->name() == "");
    BOOST_TEST(parsed->generation() == 0);
    BOOST_TEST(parsed->labels().empty());
    BOOST_TEST(parsed->annotation("a") == "");
    BOOST_TEST(!parsed->deleting());
    for (const auto& owner : parsed->owner_references()) BOOST_TEST(owner.uid == "");
    BOOST_TEST(parsed->Find("no pointer") == nullptr);
    BOOST_TEST(parsed->Find("/metadata/ownerReferences/-") == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_text_of_an_object_reads_as_empty) {
  const Json object = {{"name", "web"}, {"count", 1}};
  BOOST_TEST(kube::TextOf(object, "name") == "web");
  BOOST_TEST(kube::TextOf(object, "count") == "");
  BOOST_TEST(kube::TextOf(object, "other") == "");
  for (const Json& none : {Json(), Json(7), Json("name"), Json::array({"name"})}) {
    BOOST_TEST(kube::TextOf(none, "name") == "");
  }
}

BOOST_AUTO_TEST_CASE(text_that_is_no_object_is_refused) {
  for (const char* text : {"", "[]", "7", "{", "{\"a\":}"}) BOOST_TEST(!Object::Parse(text).ok());
  BOOST_TEST(Object(Json("text")).value().is_object());
}

BOOST_AUTO_TEST_CASE(invalid_utf_8_does_not_stop_serializing) {
  const Object object(Json{{"a", "\xff"}});
  BOOST_TEST(object.Serialize() == "{\"a\":\"\xEF\xBF\xBD\"}");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
