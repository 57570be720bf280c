// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "cli/commands/program.h"
#include "fakes/captured_console.h"
#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

const std::string kEnds =
    R"("request":{"path":"/a"},"client":{"code":200},"source":{"name":"web","namespace":"shop"},)"
    R"("destination":{"name":"cart","namespace":"shop"},)";

struct Fixture {
  int Run(std::vector<std::string> args, const std::string& fields) {
    console = {};
    dir.Write("records.jsonl", "{" + kEnds + fields + "}\n{" + kEnds + R"("verdict":"Ok"})" + "\n");
    args.insert(args.begin(), "policy");
    args.insert(args.end(), {"--file", dir / "records.jsonl"});
    cli::Session session{&console, &clock, {}};
    return cli::RunProgram(args, session);
  }

  fakes::TempDir dir;
  fakes::CapturedConsole console;
  base::SystemClock clock;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(policy_command, Fixture)

BOOST_AUTO_TEST_CASE(what_was_denied_is_told_by_edge_and_policy) {
  const std::string denied = R"("verdict":"Denied","denial":{"by":"AuthorizationPolicy",)"
                             R"("policy":"shop/writes","rule":"0","side":"destination"})";
  BOOST_TEST(Run({}, denied) == 0, console.said);
  BOOST_TEST(console.output ==
             "SOURCE    DESTINATION  DENIED BY           DENIED  REQUESTS  SHARE\n"
             "shop/web  shop/cart    shop/writes rule 0  1       2         50.0%\n");
  BOOST_TEST(Run({"--dry-run"}, denied) == 0);
  BOOST_TEST(console.output == "");
  BOOST_TEST(console.said.find("no record shows a policy that is only tried") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_would_be_denied_is_told_with_dry_run_alone) {
  const std::string tried =
      R"("verdict":"Ok","dryRun":{"result":"Denied","policy":"shop/new","rule":"0"})";
  BOOST_TEST(Run({"--dry-run", "--no-headers"}, tried) == 0, console.said);
  BOOST_TEST(console.output == "shop/web  shop/cart  shop/new rule 0  1  1  100.0%\n");
  BOOST_TEST(Run({}, tried) == 0);
  BOOST_TEST(console.output == "");
  BOOST_TEST(console.said.find("nothing was denied") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(open_streams_cannot_be_counted) {
  BOOST_TEST(Run({"--state", "Open"}, R"("state":"Open")") == 2);
  BOOST_TEST(console.said.find("when it has ended") != std::string::npos, console.said);
}

BOOST_AUTO_TEST_CASE(a_filter_leaves_records_out) {
  BOOST_TEST(Run({"--dry-run", "--path", "/b"}, R"("dryRun":{"result":"Denied"})") == 0);
  BOOST_TEST(console.output == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
