// SPDX-License-Identifier: Apache-2.0
#include "tap/tap_spec.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

using namespace tap;  // NOLINT: the names of the unit under test

}  // namespace

BOOST_AUTO_TEST_SUITE(tap_spec)

BOOST_AUTO_TEST_CASE(the_key_of_a_tap_names_its_namespace_where_it_has_one) {
  TapSpec spec;
  spec.name = "errors";
  BOOST_TEST(spec.key() == "errors");
  spec.ns = "shop";
  BOOST_TEST(spec.key() == "shop/errors");
}

BOOST_AUTO_TEST_CASE(peers_are_attached_as_far_as_the_kind_reaches_unless_told_otherwise) {
  TapSpec spec;
  BOOST_TEST((AttachOf(spec) == PeerAttach::kSameNamespace));
  spec.cluster_scoped = true;
  BOOST_TEST((AttachOf(spec) == PeerAttach::kMesh));
  spec.peers.attach = PeerAttach::kNone;
  BOOST_TEST((AttachOf(spec) == PeerAttach::kNone));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
