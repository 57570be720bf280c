// SPDX-License-Identifier: Apache-2.0

// The entry point of every unit test executable.
#define BOOST_TEST_MODULE traffictap
#include <signal.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstring>

namespace {

char current_case[512] = "none";

void SayCurrentCase(int) {
  const char* const said[] = {"ended from outside, within ", current_case, "\n"};
  for (const char* text : said) {
    [[maybe_unused]] const ssize_t size = write(STDERR_FILENO, text, std::strlen(text));
  }
  _exit(3);
}

// The runner ends an executable that takes too long: then its log says in which case something was
// waited for that never came.
class CurrentCase final : public boost::unit_test::global_configuration {
 public:
  CurrentCase() { signal(SIGTERM, SayCurrentCase); }
  void test_unit_start(const boost::unit_test::test_unit& unit) override {
    std::snprintf(current_case, sizeof current_case, "%s", unit.full_name().c_str());
  }
};

CurrentCase observer;

}  // namespace
