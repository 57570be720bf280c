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
  return Object(
      Json{{"metadata",
            {{"namespace", ns}, {"name", name}, {"uid", uid}, {"resourceVersion", version}}}});
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

BOOST_AUTO_TEST_CASE(replace_tells_the_difference_alone) {
  Store store;
  for (const char* name : {"gone", "same", "changed", "reborn"}) store.Put(Pod("a", name, "1"));
  const auto changes = store.Replace({Pod("a", "same", "1"), Pod("a", "changed", "2"),
                                      Pod("a", "reborn", "1", "another"), Pod("a", "new", "3")});
  BOOST_TEST(Describe(changes) == "-gone ~changed +new ~reborn ");
  BOOST_TEST(store.size() == 4u);
  BOOST_TEST(store.All().size() == 4u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
