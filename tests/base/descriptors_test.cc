// SPDX-License-Identifier: Apache-2.0
#include "base/descriptors.h"

#include <sys/resource.h>

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

struct Limits {
  Limits() { getrlimit(RLIMIT_NOFILE, &former); }
  ~Limits() { setrlimit(RLIMIT_NOFILE, &former); }
  static void SetSoft(rlim_t soft) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = soft;
    BOOST_REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  }
  rlimit former{};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(descriptors, Limits)

BOOST_AUTO_TEST_CASE(the_soft_limit_goes_up_to_the_hard_one) {
  SetSoft(64);
  BOOST_TEST(base::DescriptorLimit() == 64u);
  const uint64_t want = std::min<rlim_t>(former.rlim_max, 1 << 20);
  BOOST_TEST(base::RaiseDescriptorLimit() == want);
  BOOST_TEST(base::DescriptorLimit() == want);
}

BOOST_AUTO_TEST_CASE(it_never_goes_down) {
  const uint64_t raised = base::RaiseDescriptorLimit();
  BOOST_TEST(base::RaiseDescriptorLimit() == raised);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
