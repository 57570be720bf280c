// SPDX-License-Identifier: Apache-2.0
#include "kube/credentials.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "fakes/manual_clock.h"
#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

using kube::ClusterAccess;
using kube::Credentials;

constexpr base::Nanos kPeriod = 60 * base::kSecond;

struct Rig {
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(dir.path().string() + "/" + name) << text;
  }
  // A plugin that answers with what stands in a file, and counts its runs in another.
  ClusterAccess WithPlugin() {
    ClusterAccess access;
    access.exec.command = "sh";
    access.exec.args = {
        "-c", "echo >> " + dir.path().string() + "/runs; cat " + dir.path().string() + "/answer"};
    access.exec.api_version = "client.authentication.k8s.io/v1";
    return access;
  }
  void Answer(const std::string& token, const std::string& expiry) {
    Write("answer", R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
        "status":{"token":")" +
                        token + R"(","expirationTimestamp":")" + expiry + "\"}}");
  }
  size_t Runs() {
    std::ifstream file(dir.path().string() + "/runs");
    return static_cast<size_t>(std::count(std::istreambuf_iterator<char>(file), {}, '\n'));
  }

  fakes::TempDir dir;
  fakes::ManualClock clock;
};

BOOST_AUTO_TEST_SUITE(credentials)

BOOST_AUTO_TEST_CASE(a_token_file_is_read_again_each_minute) {
  Rig rig;
  rig.Write("token", "one\n");
  ClusterAccess access;
  access.token_file = rig.dir.path().string() + "/token";
  Credentials credentials(access, kPeriod, &rig.clock);
  BOOST_TEST(credentials.Current()->authorization == "Bearer one");
  rig.Write("token", "two\n");
  rig.clock.Advance(kPeriod - 1);
  BOOST_TEST(credentials.Current()->authorization == "Bearer one");
  rig.clock.Advance(1);
  BOOST_TEST(credentials.Current()->authorization == "Bearer two");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_away_for_a_moment_does_not_lock_us_out) {
  Rig rig;
  rig.Write("token", "one");
  ClusterAccess access;
  access.token_file = rig.dir.path().string() + "/token";
  Credentials credentials(access, kPeriod, &rig.clock);
  BOOST_TEST(credentials.Current().ok());
  std::remove(access.token_file.c_str());
  rig.clock.Advance(2 * kPeriod);
  BOOST_TEST(credentials.Current()->authorization == "Bearer one");
  Credentials fresh(access, kPeriod, &rig.clock);
  BOOST_TEST(absl::IsNotFound(fresh.Current().status()));
}

BOOST_AUTO_TEST_CASE(a_refused_token_is_read_again_at_once_but_not_all_the_time) {
  Rig rig;
  rig.Write("token", "one");
  ClusterAccess access;
  access.token_file = rig.dir.path().string() + "/token";
  Credentials credentials(access, kPeriod, &rig.clock);
  BOOST_TEST(credentials.Current().ok());
  rig.Write("token", "two");
  credentials.Forget();
  BOOST_TEST(credentials.Current()->authorization == "Bearer one");
  rig.clock.Advance(5 * base::kSecond);
  credentials.Forget();
  BOOST_TEST(credentials.Current()->authorization == "Bearer two");
}

BOOST_AUTO_TEST_CASE(a_token_cannot_end_the_header) {
  fakes::ManualClock clock;
  ClusterAccess access;
  access.token = "a\r\nX-Remote-User: admin";
  Credentials credentials(access, kPeriod, &clock);
  BOOST_TEST(absl::IsInvalidArgument(credentials.Current().status()));
}

BOOST_AUTO_TEST_CASE(a_name_and_password_become_basic) {
  fakes::ManualClock clock;
  ClusterAccess access;
  access.username = "a";
  access.password = "b";
  Credentials credentials(access, kPeriod, &clock);
  BOOST_TEST(credentials.Current()->authorization == "Basic YTpi");
}

BOOST_AUTO_TEST_CASE(a_plugin_runs_again_when_its_answer_runs_out) {
  Rig rig;
  rig.Answer("one", "2023-11-14T22:23:20Z");  // ten minutes after the clock's start
  Credentials credentials(rig.WithPlugin(), kPeriod, &rig.clock);
  BOOST_TEST(credentials.Current()->authorization == "Bearer one");
  rig.Answer("two", "2023-11-14T23:13:20Z");
  rig.clock.Advance(5 * kPeriod);
  BOOST_TEST(credentials.Current()->authorization == "Bearer one");
  BOOST_TEST(rig.Runs() == 1u);
  rig.clock.Advance(5 * kPeriod - 9 * base::kSecond);
  BOOST_TEST(credentials.Current()->authorization == "Bearer two");
  BOOST_TEST(rig.Runs() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
