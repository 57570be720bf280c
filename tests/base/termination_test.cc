// SPDX-License-Identifier: Apache-2.0
#include "base/termination.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

namespace traffictap {

BOOST_AUTO_TEST_SUITE(termination)

// In a process of its own: the block would stay for all later tests.
BOOST_AUTO_TEST_CASE(either_signal_ends_the_wait_and_a_broken_pipe_ends_nothing) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const pid_t child = fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
      base::BlockTermination();
      kill(getpid(), SIGPIPE);
      kill(getpid(), signal);
      base::WaitForTermination();
      _exit(7);
    }
    int status = 0;
    BOOST_REQUIRE(waitpid(child, &status, 0) == child);
    BOOST_TEST(WIFEXITED(status));
    BOOST_TEST(WEXITSTATUS(status) == 7);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
