// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/store.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

using controller::Store;
using kube::Json;
using kube::Object;

Object Pod(const std::string& ns, const std::string& name, const std::string& version,
           const std::string& uid = "u") {
  return Object(Json{{"metadata",
                      {{"namespace", ns},
                       {"name", name},
                       {"uid", uid},
                       {"labels", {{"app", name}}},
                       {"resourceVersion", version}}}});
}

std::string Describe(const std::vector<controller::Change>& changes) {
  std::string out;
  for (const auto& change : changes) {
    const char* sign = change.before == nullptr ? "+" : change.after == nullptr ? "-" : "~";
    out += sign + (change.after == nullptr ? change.before : change.after)->name() + " ";
  }
  return out;
}

BOOST_AUTO_TEST_SUITE(store)

BOOST_AUTO_TEST_CASE(put_and_remove_tell_what_was_there_before) {
  Store store;
  BOOST_TEST(Describe({store.Put(Pod("a", "x", "1"))}) == "+x ");
  BOOST_TEST(Describe({store.Put(Pod("a", "x", "2"))}) == "~x ");
  BOOST_TEST(Describe({store.Remove({"a", "x"})}) == "-x ");
  const auto nothing = store.Remove({"a", "x"});
  BOOST_TEST((nothing.before == nullptr && nothing.after == nullptr));
}

BOOST_AUTO_TEST_CASE(a_reader_keeps_what_it_got) {
  Store store;
  store.Put(Pod("a", "x", "1"));
  const auto held = store.Get({"a", "x"});
  store.Put(Pod("a", "x", "2"));
  BOOST_TEST(held->resource_version() == "1");
  BOOST_TEST(store.Get({"a", "x"})->resource_version() == "2");
}

BOOST_AUTO_TEST_CASE(a_namespace_holds_its_own_objects_and_not_those_of_a_longer_name) {
  Store store;
  for (const char* ns : {"a", "ab", "b"}) store.Put(Pod(ns, "x", "1"));
  store.Put(Pod("a", "y", "1"));
  BOOST_TEST(store.InNamespace("a").size() == 2u);
  BOOST_TEST(store.InNamespace("").empty());
  BOOST_TEST(store.All().size() == 4u);
}

BOOST_AUTO_TEST_CASE(an_index_follows_changes) {
  Store store({{"app", [](const Object& pod) { return std::vector{pod.label("app")}; }}});
  store.Put(Pod("a", "x", "1"));
  BOOST_TEST(store.ByIndex("app", "x").size() == 1u);
  auto renamed = Pod("a", "x", "2");
  renamed.value()["metadata"]["labels"]["app"] = "other";
  store.Put(renamed);
  BOOST_TEST(store.ByIndex("app", "x").empty());
  BOOST_TEST(store.ByIndex("app", "other").size() == 1u);
  store.Remove({"a", "x"});
  BOOST_TEST(store.ByIndex("app", "other").empty());
  BOOST_TEST(store.ByIndex("no such", "x").empty());
}

BOOST_AUTO_TEST_CASE(replace_tells_the_difference_alone) {
  Store store;
  for (const char* name : {"gone", "same", "changed", "reborn"}) store.Put(Pod("a", name, "1"));
  const auto changes = store.Replace({Pod("a", "same", "1"), Pod("a", "changed", "2"),
                                      Pod("a", "reborn", "1", "another"), Pod("a", "new", "3")});
  BOOST_TEST(Describe(changes) == "-gone ~changed +new ~reborn ");
  BOOST_TEST(store.size() == 4u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
