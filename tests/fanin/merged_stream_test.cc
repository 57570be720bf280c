// SPDX-License-Identifier: Apache-2.0
#include "fanin/merged_stream.h"

#include <boost/test/unit_test.hpp>

#include "absl/synchronization/notification.h"
#include "base/process_clock.h"
#include "fakes/eventually.h"
#include "fanin/fake_pairer.h"

namespace traffictap {
namespace fanin {
namespace {

// Two pairers of a name, in real time: threads wait for each other.
struct Fixture {
  std::map<std::string, std::shared_ptr<FakePairer>> all = {
      {"a:1", std::make_shared<FakePairer>()}, {"b:1", std::make_shared<FakePairer>()}};
  std::vector<std::string> resolved = {"a:1", "b:1"};
  PairerDirectory directory{
      {.name = "pairers:1", .forget_after = 0},
      [this](const std::string&) { return resolved; },
      [this](const std::string& address) -> StatusOr<PairerClientPtr> { return all[address]; },
      base::ProcessClock()};
  web::RouteThreads threads;
  StreamCall call;
  absl::Notification answered;
  web::HttpResponse answer;
  std::string text;  // of the stream so far

  Fixture() {
    directory.Refresh();
    call.retry = base::kMillisecond;
    call.merge.follow = true;
    call.merge.window = base::kMillisecond;
    call.merge.away_grace = 50 * base::kMillisecond;
    call.request = [](const std::string& after) {
      kube::HttpRequest out;
      out.target = "/api/v1/pairs?after=" + after;
      out.authorization = "Bearer mine";
      return out;
    };
  }
  ~Fixture() {
    if (answer.stream) answer.stream->Ended(web::StreamEnd::kReaderGone);
    threads.Close();
  }

  FakePairer& a() { return *all.at("a:1"); }
  FakePairer& b() { return *all.at("b:1"); }

  void Open() { OpenOf(directory); }
  void OpenOf(const PairerDirectory& pairers) {
    MergedStream::Open(call, &pairers, &threads, base::ProcessClock(),
                       [this](web::HttpResponse response) {
                         answer = std::move(response);
                         answered.Notify();
                       });
  }
  // Until the stream has said it.
  bool Says(const std::string& part) {
    return fakes::Eventually([&] {
      if (text.find(part) == std::string::npos) answer.stream->Pull(&text);
      return text.find(part) != std::string::npos;
    });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(merged_stream, Fixture)

BOOST_AUTO_TEST_CASE(the_records_of_all_come_and_each_pairer_gets_the_callers_token) {
  Open();
  BOOST_REQUIRE(fakes::Notified(answered));
  BOOST_TEST(answer.code == 200);
  BOOST_TEST(answer.content_type == "application/x-ndjson");
  a().Say({RecordLine("1", 1), PositionLine("p")});
  b().Say({RecordLine("2", 2), PositionLine("q")});
  BOOST_TEST(Says("|a:1>p|b:1>q"));
  BOOST_TEST(text.find(R"("id":"1")") != std::string::npos);
  BOOST_TEST(text.find(R"("id":"2")") != std::string::npos);
  for (const auto& [address, pairer] : all) {
    BOOST_TEST(pairer->requests().at(0).authorization == "Bearer mine");
  }
}

BOOST_AUTO_TEST_CASE(events_are_events) {
  call.format = web::StreamFormat::kEvents;
  Open();
  BOOST_REQUIRE(fakes::Notified(answered));
  BOOST_TEST(answer.content_type == "text/event-stream");
  a().Say({RecordLine("1", 1), PositionLine("p")});
  BOOST_TEST(Says("event: record\ndata: {"));
}

BOOST_AUTO_TEST_CASE(one_that_is_away_is_said_and_read_on_when_it_comes_back) {
  a().SetAway(true);
  Open();
  BOOST_REQUIRE(fakes::Notified(answered));
  BOOST_TEST(answer.code == 200);  // by the other one
  BOOST_TEST(Says(R"("missing":[{"pairer":"a:1")"));
  a().SetAway(false);
  a().Say({RecordLine("1", 1), PositionLine("p")});
  BOOST_TEST(Says(R"("missing":[])"));
  BOOST_TEST(Says("|a:1>p"));
  a().SetAway(true);
  BOOST_TEST(fakes::Eventually([&] { return a().open() == 0; }));
  a().SetAway(false);
  BOOST_TEST(fakes::Eventually([&] { return a().open() == 1; }));
  BOOST_TEST(a().requests().back().target == "/api/v1/pairs?after=p");
}

BOOST_AUTO_TEST_CASE(a_pairer_that_comes_later_is_read_and_one_that_goes_is_let_go) {
  Open();
  BOOST_REQUIRE(fakes::Notified(answered));  // by the first of the two
  BOOST_REQUIRE(fakes::Eventually([&] { return b().open() == 1; }));
  all["c:1"] = std::make_shared<FakePairer>();
  all["c:1"]->Say({RecordLine("3", 3), PositionLine("r")});
  resolved = {"b:1", "c:1"};
  directory.Refresh();
  BOOST_TEST(Says("c:1>r"));
  BOOST_TEST(fakes::Eventually([&] { return a().open() == 0; }));
  BOOST_TEST(b().open() == 1);
}

BOOST_AUTO_TEST_CASE(one_that_is_to_be_there_and_is_not_is_said_by_name) {
  ExpectedPairers expected = {{"p-0", "a:1"}, {"p-1", ""}};
  PairerDirectory counted(
      {}, nullptr,
      [this](const std::string& address) -> StatusOr<PairerClientPtr> { return all[address]; },
      base::ProcessClock(), [&] { return expected; });
  counted.Refresh();
  OpenOf(counted);
  BOOST_REQUIRE(fakes::Notified(answered));
  BOOST_TEST(Says(R"("missing":[{"pairer":"p-1")"));
  expected["p-1"] = "b:1";
  counted.Refresh();
  BOOST_TEST(Says(R"("missing":[])"));
  BOOST_TEST(fakes::Eventually([&] { return b().open() == 1; }));
  b().SetAway(true);
  text.clear();
  BOOST_TEST(Says(R"("missing":[{"pairer":"p-1","reason":"it cannot be reached"}])"));
  answer.stream->Ended(web::StreamEnd::kReaderGone);
  answer.stream = nullptr;
  threads.Close();
}

BOOST_AUTO_TEST_CASE(a_refusal_of_one_that_knows_is_that_of_all) {
  a().Answer(401, R"({"message":"who?"})");
  b().SetHangs(true);
  Open();
  BOOST_REQUIRE(fakes::Notified(answered));
  BOOST_TEST(answer.code == 401);
  BOOST_TEST(answer.body == R"({"message":"who?"})");
  BOOST_TEST(!answer.stream);
}

BOOST_AUTO_TEST_CASE(where_none_opens_the_best_refusal_is_the_answer) {
  a().Answer(404, "no such tap");
  b().SetAway(true);
  Open();
  BOOST_REQUIRE(fakes::Notified(answered));
  BOOST_TEST(answer.code == 404);
}

BOOST_AUTO_TEST_CASE(without_pairers_there_is_no_stream) {
  resolved = {};
  PairerDirectory nobody(
      {}, [this](const std::string&) { return resolved; },
      [](const std::string&) -> StatusOr<PairerClientPtr> {
        return absl::UnavailableError("none");
      },
      base::ProcessClock());
  MergedStream::Open(call, &nobody, &threads, base::ProcessClock(),
                     [this](web::HttpResponse response) { answer = std::move(response); });
  BOOST_TEST(answer.code == 503);
}

BOOST_AUTO_TEST_CASE(a_reader_that_goes_is_not_read_for_any_more) {
  auto held = std::make_shared<int>();
  call.ticket = held;
  Open();
  BOOST_REQUIRE(fakes::Notified(answered));
  BOOST_TEST(fakes::Eventually([&] { return a().open() == 1 && b().open() == 1; }));
  answer.stream->Ended(web::StreamEnd::kReaderGone);
  BOOST_TEST(fakes::Eventually([&] { return a().open() == 0 && b().open() == 0; }));
  call = {};
  answer.stream = nullptr;
  BOOST_TEST(fakes::Eventually([&] { return held.use_count() == 1; }));
}

BOOST_AUTO_TEST_CASE(the_end_of_the_server_answers_those_who_wait) {
  a().SetHangs(true);
  b().SetHangs(true);
  Open();
  threads.Close();
  BOOST_REQUIRE(fakes::Notified(answered));
  BOOST_TEST(answer.code == 503);
}

BOOST_AUTO_TEST_CASE(an_empty_line_says_that_the_stream_is_there) {
  call.heartbeat_interval = base::kMillisecond;
  Open();
  BOOST_REQUIRE(fakes::Notified(answered));
  BOOST_TEST(Says("\n"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace fanin
}  // namespace traffictap
