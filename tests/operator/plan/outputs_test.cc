// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/outputs.h"

#include <boost/test/unit_test.hpp>

#include "operator/plan/attachment_name.h"
#include "operator/plan/wording.h"

namespace traffictap::plan {
namespace {

BOOST_AUTO_TEST_SUITE(outputs)

BOOST_AUTO_TEST_CASE(a_file_has_one_owner_and_is_no_directory) {
  FileClaims claims;
  BOOST_TEST(claims.Claim("shop/a.jsonl", "first") == "");
  BOOST_TEST(claims.Claim("shop/a.jsonl", "second") == "belongs to first");
  BOOST_TEST(claims.Claim("shop/a.jsonl/b", "second") == "belongs to first");
  BOOST_TEST(claims.Claim("shop", "second") == "belongs to first");
  BOOST_TEST(claims.Claim("shop/a.jsonl2", "second") == "");
}

BOOST_AUTO_TEST_CASE(two_files_whose_rotated_ones_could_not_be_told_apart_have_one_owner) {
  FileClaims claims;
  BOOST_TEST(claims.Claim("shop/all", "first") == "");
  BOOST_TEST(claims.Claim("shop/all.gz", "second") ==
             "would have the same rotated files as shop/all of first");
  BOOST_TEST(claims.Claim("shop/all-20240101T000000.000000000", "second") ==
             "would have the same rotated files as shop/all of first");
  BOOST_TEST(claims.Claim("shop/all.jsonl", "second") == "");
  BOOST_TEST(claims.Claim("shop/all.json", "third") == "");
  BOOST_TEST(claims.Claim("books/all.gz", "third") == "");
}

BOOST_AUTO_TEST_CASE(long_names_are_cut_and_stay_apart) {
  const Workload first{"shop", "StatefulSet", std::string(250, 'a') + "1"};
  const Workload second{"shop", "StatefulSet", std::string(250, 'a') + "2"};
  BOOST_TEST(PatchNameOf(first).size() <= 253U);
  BOOST_TEST(PatchNameOf(first) != PatchNameOf(second));
  BOOST_TEST(PatchNameOf({"shop", "Deployment", "cart"}) == "traffictap-deployment-cart");
}

BOOST_AUTO_TEST_CASE(lists_are_short) {
  BOOST_TEST(Listed({}) == "nothing");
  BOOST_TEST(Listed({"a"}) == "a");
  BOOST_TEST(Listed({"a", "b", "c"}) == "a, b and c");
  BOOST_TEST(Listed({"a", "b", "c", "d", "e"}) == "a, b, c and 2 more");
  BOOST_TEST(Counted(1, "patch") == "1 patch");
  BOOST_TEST(Counted(2, "patch") == "2 patches");
  BOOST_TEST(Counted(0, "pod") == "0 pods");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap::plan
