// SPDX-License-Identifier: Apache-2.0
#include "collector/pairer_taps.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "fakes/eventually.h"
#include "fakes/manual_clock.h"

namespace traffictap {

using base::kSecond;
using collector::PairerTaps;
using shuffle::RemovedTaps;

namespace {

using Taps = std::vector<tap::TapSpecPtr>;

tap::TapSpecPtr Tap(const std::string& name) {
  auto spec = std::make_shared<tap::TapSpec>();
  spec->name = name;
  return spec;
}

std::string Names(const Taps& taps) {
  std::string out;
  for (const auto& tap : taps) out += tap->name;
  return out;
}

// A pipeline that refuses a tap while another one is there, or always.
struct Fixture {
  std::vector<pipeline::TapFault> SetTaps(const Taps& taps) {
    std::vector<pipeline::TapFault> faults;
    in_force.clear();
    for (const auto& tap : taps) {
      const bool taken = tap->name == in_place_of_a && Names(taps).find('a') != std::string::npos;
      if (taken || tap->name == bad) {
        faults.push_back({tap->key(), taken ? absl::ResourceExhaustedError("no room")
                                            : absl::FailedPreconditionError("refused")});
      } else {
        in_force.push_back(tap);
      }
    }
    calls.push_back(Names(in_force));
    count = in_force.size();
    return faults;
  }
  void Expect(const std::vector<std::string>& expected) {
    BOOST_TEST(calls == expected, boost::test_tools::per_element());
    calls.clear();
  }

  fakes::ManualClock clock;
  Taps in_force;
  std::vector<std::string> calls;
  std::atomic<size_t> count{0};
  std::atomic<base::Nanos> read_until{INT64_MIN};
  std::string in_place_of_a, bad;
  PairerTaps taps{{[this](const Taps& to_set) { return SetTaps(to_set); },
                   [this] { return in_force; }, [this] { return read_until.load(); }},
                  &clock};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pairer_taps, Fixture)

BOOST_AUTO_TEST_CASE(a_tap_that_is_removed_goes_once_the_log_is_read_past_it) {
  taps.Set({Tap("a"), Tap("b")});
  taps.Set({Tap("b")});
  Expect({"ab", "ba"});
  clock.Advance(RemovedTaps::kLeast);
  taps.Look();
  Expect({});
  read_until = clock.Wall();
  taps.Look();
  Expect({"b"});
  taps.Look();
  Expect({});
}

BOOST_AUTO_TEST_CASE(what_is_set_meanwhile_leaves_removed_taps_where_they_are) {
  taps.Set({Tap("a")});
  taps.Set({});
  taps.Set({Tap("b")});
  Expect({"a", "a", "ba"});
  clock.Advance(RemovedTaps::kMost);
  taps.Look();
  Expect({"b"});
}

// Its counters and limits are not those of the former one.
BOOST_AUTO_TEST_CASE(a_tap_whose_name_comes_back_ends_before_the_new_one_begins) {
  taps.Set({Tap("a"), Tap("b")});
  taps.Set({Tap("b")});
  calls.clear();
  taps.Set({Tap("a"), Tap("b")});
  Expect({"b", "ab"});
}

BOOST_AUTO_TEST_CASE(a_tap_that_needs_what_a_removed_one_has_gets_it) {
  in_place_of_a = "c";
  taps.Set({Tap("a")});
  calls.clear();
  BOOST_TEST(taps.Set({Tap("c")}).empty());
  Expect({"a", "c"});
  clock.Advance(RemovedTaps::kMost);
  taps.Look();
  Expect({});
}

BOOST_AUTO_TEST_CASE(a_tap_that_is_refused_anyway_ends_no_removed_one) {
  bad = "x";
  BOOST_TEST(taps.Set({Tap("a"), Tap("x")}).size() == 1u);
  BOOST_TEST(taps.Set({Tap("x")}).size() == 1u);
  Expect({"a", "a"});
  // A refused tap has nothing that could still come.
  taps.Set({});
  Expect({"a"});
}

BOOST_AUTO_TEST_CASE(a_tap_that_had_no_room_gets_that_of_the_one_that_goes) {
  in_place_of_a = "c";
  BOOST_TEST(taps.Set({Tap("a"), Tap("c")}).size() == 1u);
  BOOST_TEST(taps.Set({Tap("c")}).empty());
  Expect({"a", "a", "c"});
}

BOOST_AUTO_TEST_CASE(its_thread_lets_go_of_removed_taps) {
  taps.Start();
  taps.Set({Tap("a")});
  taps.Set({});
  clock.Advance(RemovedTaps::kMost);
  BOOST_TEST(fakes::Eventually([&] { return count == 0; }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
