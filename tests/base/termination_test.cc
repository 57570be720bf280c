// SPDX-License-Identifier: Apache-2.0
#include "base/termination.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace traffictap {
namespace {

// As of a library whose threads outlive main.
struct AbortsWhenDestroyed {
  ~AbortsWhenDestroyed() { std::abort(); }
};

}  // namespace

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

BOOST_AUTO_TEST_CASE(what_was_printed_is_written_and_no_static_object_is_destroyed) {
  int ends[2];
  BOOST_REQUIRE(pipe(ends) == 0);
  std::fflush(nullptr);  // or the child would print what waits here
  const pid_t child = fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
#ifndef __SANITIZE_ADDRESS__
    static AbortsWhenDestroyed lurking;
#endif
    dup2(ends[1], STDOUT_FILENO);
    std::printf("the last word");
    base::EndProcess(7);
  }
  close(ends[1]);
  char said[64];
  const ssize_t size = read(ends[0], said, sizeof said);
  close(ends[0]);
  int status = 0;
  BOOST_REQUIRE(waitpid(child, &status, 0) == child);
  BOOST_TEST(WIFEXITED(status));
  BOOST_TEST(WEXITSTATUS(status) == 7);
  BOOST_TEST(std::string(said, size > 0 ? static_cast<size_t>(size) : 0) == "the last word");
}

BOOST_AUTO_TEST_CASE(a_stop_that_hangs_ends_all_the_same) {
  const pid_t child = fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    base::EndProcessAfter(20 * base::kMillisecond);
    sleep(20);
    _exit(7);
  }
  int status = 0;
  BOOST_REQUIRE(waitpid(child, &status, 0) == child);
  BOOST_TEST(WIFEXITED(status));
  BOOST_TEST(WEXITSTATUS(status) == 3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
