// SPDX-License-Identifier: Apache-2.0
#include "cli/records/record_stream.h"

#include <boost/test/unit_test.hpp>

#include "absl/synchronization/notification.h"
#include "fakes/captured_console.h"
#include "fakes/fake_kube_client.h"

namespace traffictap {
namespace {

// A collector that answers each connection with the next piece and then cuts it off, or says why.
struct Fixture {
  Fixture() {
    handlers.on_record = [this](std::string_view line) {
      records.emplace_back(line);
      return absl::OkStatus();
    };
    handlers.on_gap = [this](const std::string& tap, uint64_t count) {
      gaps += tap + ":" + std::to_string(count);
    };
    client->AnswerStreams(
        [this](const std::string& path, const kube::StreamHandlers& to, std::stop_token) -> Status {
          paths.push_back(path);
          if (paths.size() > answers.size()) return last;
          return to.on_bytes(answers[paths.size() - 1]);
        });
    options.query = {{"tap", "shop/t"}, {"since", "0s"}};
    options.backoff = 1;
  }

  StatusOr<std::string> Read() {
    cli::Session session{&console, &clock, stop.get_token()};
    return cli::ReadRecords(cluster, options, handlers, session);
  }

  const std::shared_ptr<fakes::FakeKubeClient> client = std::make_shared<fakes::FakeKubeClient>();
  cli::Cluster cluster{client, "shop"};
  fakes::CapturedConsole console;
  base::SystemClock clock;
  std::stop_source stop;
  cli::RecordStreamOptions options;
  cli::RecordStreamHandlers handlers;
  std::vector<std::string> answers;
  Status last = absl::UnavailableError("gone");
  std::vector<std::string> paths;
  std::vector<std::string> records;
  std::string gaps;
};

constexpr char kEnd[] = "{\"type\":\"End\",\"reason\":\"TapsGone\"}\n";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(record_stream, Fixture)

BOOST_AUTO_TEST_CASE(records_gaps_and_the_end_are_told) {
  answers = {
      std::string("{\"id\":\"1\"}\n\n{\"type\":\"Gap\",\"tap\":\"shop/t\",\"droppedCount\":3}\n"
                  "{\"id\":\"2\"}\n") +
      kEnd};
  BOOST_TEST(Read().value() == "TapsGone");
  BOOST_TEST((records == std::vector<std::string>{"{\"id\":\"1\"}", "{\"id\":\"2\"}"}));
  BOOST_TEST(gaps == "shop/t:3");
  BOOST_TEST(
      paths.at(0) ==
      "/apis/tap.traffictap.io/v1alpha1/namespaces/shop/pairs?watch=true&tap=shop%2Ft&since=0s");
}

BOOST_AUTO_TEST_CASE(whose_records_are_missing_is_said_when_it_changes) {
  const std::string partial =
      "{\"type\":\"Partial\",\"missing\":[{\"pairer\":\"a:1\",\"reason\":\"away\"}]}\n";
  answers = {partial + "{\"id\":\"1\"}\n",
             partial + "{\"type\":\"Partial\",\"missing\":[]}\n{\"id\":\"2\"}\n" + kEnd};
  BOOST_TEST(Read().ok());
  BOOST_TEST(records.size() == 2u);
  BOOST_TEST(console.said ==
             "warning: records are missing of the pairers a:1 (away)\n"
             "all pairers answer again: the records are complete\n");
}

BOOST_AUTO_TEST_CASE(a_broken_stream_goes_on_after_its_position_and_shows_nothing_twice) {
  answers = {
      "{\"id\":\"1\"}\n{\"type\":\"Position\",\"position\":\"p1\"}\n{\"id\":\"2\"}\n{\"id\":",
      std::string("{\"id\":\"2\"}\n{\"id\":\"3\"}\n") + kEnd};
  BOOST_TEST(Read().ok());
  BOOST_TEST(
      (records == std::vector<std::string>{"{\"id\":\"1\"}", "{\"id\":\"2\"}", "{\"id\":\"3\"}"}));
  BOOST_TEST(paths.at(1).ends_with("?watch=true&tap=shop%2Ft&after=p1"), paths.at(1));
}

BOOST_AUTO_TEST_CASE(what_a_slow_output_cannot_take_waits_at_the_collector) {
  options.waiting_bytes_max = 40;
  absl::Notification cut;
  client->AnswerStreams([&](const std::string& path, const kube::StreamHandlers& to,
                            std::stop_token) -> Status {
    paths.push_back(path);
    if (paths.size() > 1) return to.on_bytes(std::string("{\"id\":\"3\"}\n") + kEnd);
    TT_RETURN_IF_ERROR(to.on_bytes("{\"id\":\"1\"}\n{\"type\":\"Position\",\"position\":\"p\"}\n"));
    Status put;
    while (put.ok()) put = to.on_bytes("{\"id\":\"2\"}\n");
    cut.Notify();
    return put;
  });
  handlers.on_record = [&](std::string_view line) {
    cut.WaitForNotification();
    records.emplace_back(line);
    return absl::OkStatus();
  };
  BOOST_TEST(Read().ok());
  // Of the second as many as there was room for, and it never comes twice.
  BOOST_TEST(records.size() <= 3u);
  BOOST_TEST(records.front() == "{\"id\":\"1\"}");
  BOOST_TEST(records.back() == "{\"id\":\"3\"}");
  BOOST_TEST(paths.at(1).ends_with("after=p"), paths.at(1));
}

BOOST_AUTO_TEST_CASE(a_collector_that_begins_anew_is_read_on_while_the_tap_is_in_force) {
  bool in_force = true;
  options.still_in_force = [&] { return in_force; };
  answers = {std::string("{\"id\":\"1\"}\n") + kEnd, std::string("{\"id\":\"2\"}\n") + kEnd};
  handlers.on_record = [&](std::string_view line) {
    in_force = line != "{\"id\":\"2\"}";
    return absl::OkStatus();
  };
  BOOST_TEST(Read().value() == "TapsGone");
  BOOST_TEST(paths.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_connection_that_does_not_come_back_is_a_failure) {
  options.give_up = 1;
  BOOST_TEST(absl::IsUnavailable(Read().status()));
}

BOOST_AUTO_TEST_CASE(a_refusal_is_not_tried_again_and_names_the_right) {
  last = kube::ToStatus({403, "Forbidden", "", "no", {}}, "stream", "x");
  const Status refused = Read().status();
  BOOST_TEST(absl::IsPermissionDenied(refused));
  BOOST_TEST(Message(refused).find("watch on pairs.tap.traffictap.io") != std::string::npos);
  BOOST_TEST(paths.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_revoked_right_ends_it) {
  answers = {"{\"type\":\"End\",\"reason\":\"RightRevoked\"}\n"};
  BOOST_TEST(absl::IsPermissionDenied(Read().status()));
}

BOOST_AUTO_TEST_CASE(an_interrupt_and_the_readers_own_word_end_it) {
  answers = {"{\"id\":\"1\"}\n"};
  handlers.on_record = [this](std::string_view) {
    stop.request_stop();
    return absl::OkStatus();
  };
  BOOST_TEST(absl::IsCancelled(Read().status()));
  stop = {};
  paths.clear();
  handlers.on_record = [](std::string_view) { return absl::DataLossError("full"); };
  BOOST_TEST(absl::IsDataLoss(Read().status()));
}

BOOST_AUTO_TEST_CASE(a_loss_is_told_with_its_size_and_its_tap) {
  cli::SayGap("shop/t", 12, &console);
  BOOST_TEST(console.said ==
             "warning: 12 records of tap shop/t were overwritten before they were read\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
