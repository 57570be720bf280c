// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/exit_code.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

BOOST_AUTO_TEST_SUITE(exit_code)

BOOST_AUTO_TEST_CASE(each_kind_of_failure_has_its_code) {
  BOOST_TEST(cli::ExitCodeOf(absl::OkStatus()) == 0);
  BOOST_TEST(cli::ExitCodeOf(absl::UnavailableError("")) == 1);
  BOOST_TEST(cli::ExitCodeOf(absl::DataLossError("")) == 1);
  BOOST_TEST(cli::ExitCodeOf(absl::InvalidArgumentError("")) == 2);
  BOOST_TEST(cli::ExitCodeOf(absl::NotFoundError("")) == 3);
  BOOST_TEST(cli::ExitCodeOf(absl::PermissionDeniedError("")) == 4);
  BOOST_TEST(cli::ExitCodeOf(absl::UnauthenticatedError("")) == 4);
  BOOST_TEST(cli::ExitCodeOf(absl::FailedPreconditionError("")) == 5);
  BOOST_TEST(cli::ExitCodeOf(absl::DeadlineExceededError("")) == 5);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
