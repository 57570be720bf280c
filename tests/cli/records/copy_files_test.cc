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
    calls += output.name + ":" + std::to_string(output.files.size()) + output.collector + " ";
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

BOOST_AUTO_TEST_CASE(a_collector_that_fails_keeps_no_other_from_being_copied) {
  SetPairers({{"p-0", {{"all.jsonl", "a\n"}}}, {"p-1", {{"all.jsonl", "b\n"}}}});
  target.results = {absl::OkStatus(), absl::UnavailableError("gone")};
  BOOST_TEST(Copy().ok());
  BOOST_TEST(target.calls == "disk:1p-0 disk:1p-1 disk:1p-0 disk:1p-1 disk:1p-0 disk:1p-1 ");
  BOOST_TEST(console.waited.front() == "trying again: gone");
  target.results = {absl::DataLossError("full")};
  target.calls.clear();
  BOOST_TEST(absl::IsDataLoss(Copy()));
  BOOST_TEST(target.calls == "disk:1p-0 ");
}

BOOST_AUTO_TEST_CASE(collectors_that_do_not_answer_are_waited_for_and_are_a_failure_at_last) {
  const std::map<std::string, std::vector<File>> there = {{"p-0", {{"all.jsonl", "a\n"}}}};
  SetPairers(there, "10.0.0.5:9");
  options.tries_max = 3;
  const Status done = Copy();
  BOOST_TEST(absl::IsUnavailable(done));
  BOOST_TEST(Message(done) ==
             "records are missing of the pairers 10.0.0.5:9 (it cannot be reached)");
  BOOST_TEST(target.calls == "disk:1p-0 disk:1p-0 disk:1p-0 ");
  // It comes back meanwhile.
  target.on_copy = [&] { SetPairers(there); };
  SetPairers(there, "10.0.0.5:9");
  BOOST_TEST(Copy().ok());
}

BOOST_AUTO_TEST_CASE(follow_says_who_does_not_answer_and_goes_on) {
  const std::map<std::string, std::vector<File>> there = {{"p-0", {{"all.jsonl", "a\n"}}}};
  SetPairers(there, "10.0.0.5:9");
  options.follow = true;
  options.tries_max = 1;
  int looks = 0;
  target.on_copy = [&] {
    if (++looks == 3) SetPairers(there);
    if (looks == 5) stop.request_stop();
  };
  BOOST_TEST(absl::IsCancelled(Copy()));
  BOOST_TEST(console.said ==
             "warning: records are missing of the pairers 10.0.0.5:9 (it cannot be reached)\n"
             "all pairers answer again: the records are complete\n");
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
  // One output of several collectors is one.
  SetPairers({{"p-0", {{"all.jsonl", "a\n"}}}, {"p-1", {{"all.jsonl", "b\n"}}}});
  BOOST_TEST(Copy().ok());
}

BOOST_AUTO_TEST_CASE(what_others_go_on_writing_keeps_it_waiting_for_no_collector_for_ever) {
  SetPairers({{"p-0", {{"all.jsonl", "a\n"}}}}, "10.0.0.5:9");
  options.tries_max = 3;
  int looks = 0;
  target.on_copy = [&] {
    ++target.copied;
    if (++looks == 50) stop.request_stop();  // rather than for ever
  };
  BOOST_TEST(absl::IsUnavailable(Copy()));
  BOOST_TEST(looks == 3);
  // One that is listed, and whose files do not come.
  SetPairers({{"p-0", {{"all.jsonl", "a\n"}}}, {"p-1", {{"all.jsonl", "b\n"}}}});
  for (int i = 0; i < 30; ++i) {
    target.results.push_back(absl::UnavailableError("gone"));
    target.results.push_back(absl::OkStatus());
  }
  looks = 0;
  target.on_copy = [&] {
    if (looks % 2 == 0) ++target.copied;  // of p-0 alone
    if (++looks == 50) stop.request_stop();
  };
  BOOST_TEST(absl::IsUnavailable(Copy()));
  BOOST_TEST(looks == 6);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
