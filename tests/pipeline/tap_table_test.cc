// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tap_table.h"

#include <boost/test/unit_test.hpp>

#include "fakes/entry_builder.h"

namespace traffictap {

using traffic::TapSet;

tap::TapSpecPtr Spec(const std::string& workload, base::Nanos window) {
  auto spec = std::make_shared<tap::TapSpec>();
  spec->name = workload;
  spec->ns = "shop";
  spec->targets.emplace_back().name = workload;
  spec->pairing.window = window;
  return spec;
}

pipeline::TapTablePtr Table(std::vector<tap::TapSpecPtr> specs, std::vector<uint64_t> ids) {
  auto made = pipeline::TapTable::Create(std::move(specs), std::move(ids));
  BOOST_REQUIRE(made.ok());
  return *made;
}

TapSet Slots(std::initializer_list<size_t> slots) {
  TapSet out;
  for (const size_t slot : slots) out.Add(slot);
  return out;
}

BOOST_AUTO_TEST_SUITE(tap_table)

BOOST_AUTO_TEST_CASE(candidates_are_the_taps_that_target_the_node_free_slots_aside) {
  const auto table = Table({Spec("web", 1), nullptr, Spec("db", 1), Spec("web", 1)}, {1, 0, 2, 3});
  BOOST_TEST((table->Candidates(*fakes::MakeNode("10.0.0.1", "web")) == Slots({0, 3})));
  BOOST_TEST((table->Candidates(*fakes::MakeNode("10.0.0.1", "web", "other")) == Slots({})));
}

BOOST_AUTO_TEST_CASE(an_attached_peer_is_a_candidate_of_a_tap_that_does_not_target_it) {
  auto spec = std::make_shared<tap::TapSpec>(*Spec("web", 1));
  spec->known_peers = {{"shop", "db", true, "", {}}, {"shop", "mail", false, "", {}}};
  const auto table = Table({spec, Spec("db", 1)}, {1, 2});
  BOOST_TEST((table->Candidates(*fakes::MakeNode("10.0.0.1", "db")) == Slots({0, 1})));
  BOOST_TEST((table->Targeting(*fakes::MakeNode("10.0.0.1", "db")) == Slots({1})));
  BOOST_TEST((table->Attached(*fakes::MakeNode("10.0.0.1", "db")) == Slots({0})));
  BOOST_TEST((table->Candidates(*fakes::MakeNode("10.0.0.1", "mail")) == Slots({})));
  BOOST_TEST((table->Candidates(*fakes::MakeNode("10.0.0.1", "db", "other")) == Slots({})));
}

BOOST_AUTO_TEST_CASE(the_window_is_the_longest_of_the_taps_that_are_here) {
  const auto table = Table({Spec("a", 5), Spec("b", 9), nullptr}, {1, 2, 0});
  BOOST_TEST(table->Window(Slots({0, 1})) == 9);
  BOOST_TEST(table->Window(Slots({0, 2, 700})) == 5);
  BOOST_TEST(table->Window(Slots({})) == 0);
}

BOOST_AUTO_TEST_CASE(a_tap_survives_in_its_slot_and_life_alone) {
  const auto older = Table({Spec("a", 1), Spec("b", 1), Spec("c", 1), Spec("d", 1)}, {1, 2, 3, 4});
  const auto newer = Table({Spec("a", 2), Spec("x", 1), nullptr}, {1, 9, 0});
  BOOST_TEST((newer->Surviving(Slots({0, 1, 2, 3}), *older) == Slots({0})));
  BOOST_TEST((newer->Surviving(Slots({1}), *older) == Slots({})));
  BOOST_TEST(newer->Holds(9));
  BOOST_TEST(!newer->Holds(2));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
