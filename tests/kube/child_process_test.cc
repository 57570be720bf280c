// SPDX-License-Identifier: Apache-2.0
#include "kube/child_process.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

kube::ChildProcessOptions Shell(const std::string& script) {
  kube::ChildProcessOptions options;
  options.command = "sh";
  options.args = {"-c", script};
  return options;
}

BOOST_AUTO_TEST_SUITE(child_process)

BOOST_AUTO_TEST_CASE(output_and_environment_pass_through) {
  auto options = Shell("printf %s \"$TAP\"; cat");
  options.env = {{"TAP", "a b"}};
  BOOST_TEST(kube::RunChildProcess(options).value() == "a b");
}

BOOST_AUTO_TEST_CASE(failures_are_told_apart) {
  BOOST_TEST(absl::IsFailedPrecondition(kube::RunChildProcess(Shell("exit 3")).status()));
  BOOST_TEST(absl::IsFailedPrecondition(kube::RunChildProcess(Shell("kill -9 $$")).status()));
  kube::ChildProcessOptions none;
  none.command = "/no/such/program";
  BOOST_TEST(absl::IsNotFound(kube::RunChildProcess(none).status()));
}

BOOST_AUTO_TEST_CASE(a_program_may_close_its_output_before_it_ends) {
  BOOST_TEST(kube::RunChildProcess(Shell("echo a; exec >&-; cd /")).value() == "a\n");
  BOOST_TEST(absl::IsFailedPrecondition(kube::RunChildProcess(Shell("exec >&-; exit 3")).status()));
}

BOOST_AUTO_TEST_CASE(a_program_that_hangs_or_floods_is_killed) {
  auto slow = Shell("exec sleep 600");
  slow.timeout = 100 * base::kMillisecond;
  BOOST_TEST(absl::IsDeadlineExceeded(kube::RunChildProcess(slow).status()));
  auto silent = Shell("exec >&-; exec sleep 600");
  silent.timeout = 100 * base::kMillisecond;
  BOOST_TEST(absl::IsDeadlineExceeded(kube::RunChildProcess(silent).status()));
  auto flood = Shell("exec yes");
  flood.output_bytes_max = 10'000;
  BOOST_TEST(absl::IsResourceExhausted(kube::RunChildProcess(flood).status()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
