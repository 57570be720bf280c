// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/browser.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "fakes/eventually.h"
#include "fakes/scoped_env.h"
#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

constexpr char kUrl[] = "http://127.0.0.1:1234/#token=0123456789abcdef";

struct Fixture {
  Fixture() {
    // Its argument, and what stands in the file that this names.
    dir.Write("browser",
              "#!/bin/sh\necho \"$1\" >\"$0.arg\"\ncat \"${1#file://}\" >\"$0.new\"\n"
              "mv \"$0.new\" \"$0.seen\"\n");
    chmod((dir / "browser").c_str(), 0755);
  }

  const fakes::TempDir dir;
  const fakes::ScopedEnv folder{"XDG_RUNTIME_DIR", dir / "run"};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(browser, Fixture)

BOOST_AUTO_TEST_CASE(it_is_led_to_the_address_by_a_file_of_this_user_that_goes_again) {
  const fakes::ScopedEnv program("BROWSER", (dir / "browser") + ":other");
  std::filesystem::create_directory(dir / "run");
  {
    cli::Browser browser;
    BOOST_TEST(browser.Open(kUrl).ok());
    BOOST_TEST(fakes::Eventually([&] { return !dir.Read("browser.seen").empty(); }));
    BOOST_TEST(dir.Read("browser.seen").find(std::string("url=") + kUrl) != std::string::npos);
    BOOST_TEST(dir.Read("browser.arg").find("token") == std::string::npos);
    const auto files = dir.Names("run");
    BOOST_TEST_REQUIRE(files.size() == 1u);
    BOOST_TEST(files[0].ends_with(".html"));
    struct stat made {};
    BOOST_TEST(stat((dir / ("run/" + files[0])).c_str(), &made) == 0);
    BOOST_TEST((made.st_mode & 0777) == 0600);
  }
  BOOST_TEST(dir.Names("run").empty());
}

BOOST_AUTO_TEST_CASE(without_one_or_without_a_place_for_the_file_it_says_so) {
  const fakes::ScopedEnv program("BROWSER", dir / "nothing");
  cli::Browser homeless;
  BOOST_TEST(absl::IsUnavailable(homeless.Open(kUrl)));
  std::filesystem::create_directory(dir / "run");
  const fakes::ScopedEnv path("PATH", dir / "run");
  cli::Browser browser;
  const Status opened = browser.Open(kUrl);
  BOOST_TEST(absl::IsNotFound(opened));
  BOOST_TEST(Message(opened).find("$BROWSER") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
