// SPDX-License-Identifier: Apache-2.0
#include "cli/records/copy_files.h"

#include <boost/test/unit_test.hpp>

#include "cli/records/file_collector.h"
#include "fakes/captured_console.h"

namespace traffictap {

using cli::kOld;

namespace {

// Tells of each call, and answers the next one with what is left of a list.
struct ScriptedTarget final : cli::CopyTarget {
  Status Copy(const cli::FileSource&, const cli::RemoteOutput& output) override {
    calls += output.name + ":" + std::to_string(output.files.size()) + " ";
    if (on_copy) on_copy();
    if (results.empty()) return absl::OkStatus();
    const Status out = results.back();
    results.pop_back();
    return out;
  }
  uint64_t bytes() const override { return copied; }

  std::string calls;
  std::vector<Status> results;  // from the back
  std::function<void()> on_copy;
  uint64_t copied = 0;
};

struct Fixture : cli::FileCollector {
  Fixture() {
    options.pause = 1;
    Set({{"all.jsonl", "a\n"}});
  }
  Status Copy() { return cli::CopyFiles(Source(), options, &target, session); }

  fakes::CapturedConsole console;
  base::SystemClock clock;
  cli::Session session{&console, &clock, stop.get_token(), nullptr};
  cli::CopyFilesOptions options;
  ScriptedTarget target;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(copy_files, Fixture)

BOOST_AUTO_TEST_CASE(it_ends_when_nothing_was_rotated_meanwhile) {
  target.on_copy = [&] { Set({{kOld, "a\n"}, {"all.jsonl", "b\n"}}); };
  BOOST_TEST(Copy().ok());
  BOOST_TEST(target.calls == "disk:1 disk:2 disk:2 ");
}

BOOST_AUTO_TEST_CASE(files_that_are_rotated_all_the_time_do_not_keep_it) {
  int count = 0;
  target.on_copy = [&] { Set({{"all-" + std::to_string(++count), "a\n"}}); };
  BOOST_TEST(Copy().ok());
  BOOST_TEST(count == 4);
}

BOOST_AUTO_TEST_CASE(a_collector_that_is_away_is_waited_for_and_given_up) {
  target.results = {absl::UnavailableError("gone"), absl::UnavailableError("gone")};
  BOOST_TEST(Copy().ok());
  BOOST_TEST(console.waited.front() == "trying again: gone");
  options.tries_max = 3;
  target.results.assign(3, absl::UnavailableError("gone"));
  BOOST_TEST(absl::IsUnavailable(Copy()));
  // As long as something comes it goes on.
  target.results.assign(5, absl::UnavailableError("gone"));
  target.on_copy = [&] { ++target.copied; };
  BOOST_TEST(Copy().ok());
}

BOOST_AUTO_TEST_CASE(a_file_that_is_another_one_is_looked_for_anew_a_few_times) {
  target.results = {absl::AbortedError("another one")};
  BOOST_TEST(Copy().ok());
  target.results = {absl::NotFoundError("not in force yet")};
  BOOST_TEST(Copy().ok());
  target.results.assign(100, absl::AbortedError("another one"));
  target.calls.clear();
  BOOST_TEST(absl::IsAborted(Copy()));
  BOOST_TEST(target.calls == "disk:1 disk:1 disk:1 disk:1 ");
}

BOOST_AUTO_TEST_CASE(other_failures_are_told_at_once) {
  target.results = {absl::DataLossError("full")};
  BOOST_TEST(absl::IsDataLoss(Copy()));
  BOOST_TEST(target.calls == "disk:1 ");
}

BOOST_AUTO_TEST_CASE(follow_goes_on_until_it_is_stopped) {
  options.follow = true;
  int looks = 0;
  target.on_copy = [&] {
    if (++looks == 3) stop.request_stop();
  };
  BOOST_TEST(absl::IsCancelled(Copy()));
  BOOST_TEST(looks == 3);
}

BOOST_AUTO_TEST_CASE(of_several_outputs_one_has_to_be_chosen_where_the_target_takes_one) {
  const kube::Json none = kube::Json::array();
  SetOutputs(kube::Json::array({Output("disk", none), Output("errors", none)}));
  BOOST_TEST(Copy().ok());
  options.one_output = true;
  const Status done = Copy();
  BOOST_TEST(absl::IsInvalidArgument(done));
  BOOST_TEST(Message(done).find("--output (disk, errors)") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
