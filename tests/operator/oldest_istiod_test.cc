// SPDX-License-Identifier: Apache-2.0
#include "operator/oldest_istiod.h"

#include <boost/test/unit_test.hpp>
#include <map>

#include "fakes/manual_clock.h"

namespace traffictap {
namespace {

struct Istiods {
  fakes::ManualClock clock;
  std::map<std::string, std::string> versions;  // by address; the others do not answer
  int questions = 0;
  op::OldestIstiod oldest{[this](const std::string& address) -> StatusOr<std::string> {
                            ++questions;
                            const auto found = versions.find(address);
                            if (found != versions.end()) return found->second;
                            return absl::UnavailableError("no answer");
                          },
                          &clock};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(oldest_istiod, Istiods)

BOOST_AUTO_TEST_CASE(of_several_the_oldest_counts) {
  versions = {{"a", "1.29.2"}, {"b", "1.9.0"}, {"c", "1.31.0"}};
  BOOST_TEST(oldest.Version({"a", "b", "c"}) == "1.9.0");
}

BOOST_AUTO_TEST_CASE(a_poll_of_every_second_does_not_ask_every_second) {
  versions = {{"a", "1.29.2"}};
  for (int second = 0; second < 10; ++second) {
    BOOST_TEST(oldest.Version({"a"}) == "1.29.2");
    clock.Advance(base::kSecond);
  }
  BOOST_TEST(questions == 1);
  versions["a"] = "1.30.0";
  BOOST_TEST(oldest.Version({"a"}) == "1.30.0");
  clock.Advance(15 * base::kSecond);
  oldest.Version({"a"});
  BOOST_TEST(questions == 3);
}

BOOST_AUTO_TEST_CASE(another_istiod_is_asked_at_once) {
  versions = {{"a", "1.29.2"}, {"b", "1.27.0"}};
  oldest.Version({"a"});
  BOOST_TEST(oldest.Version({"a", "b"}) == "1.27.0");
}

BOOST_AUTO_TEST_CASE(without_an_answer_the_last_one_stands_and_the_next_poll_asks) {
  BOOST_TEST(oldest.Version({}).empty());
  BOOST_TEST(oldest.Version({"a"}).empty());
  versions = {{"a", "1.29.2"}};
  BOOST_TEST(oldest.Version({"a"}) == "1.29.2");
  BOOST_TEST(oldest.Version({"a", "gone"}) == "1.29.2");
  questions = 0;
  BOOST_TEST(oldest.Version({"a", "gone"}) == "1.29.2");
  BOOST_TEST(questions == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
