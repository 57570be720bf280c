// SPDX-License-Identifier: Apache-2.0
#include "web/live_stream.h"

#include <boost/test/unit_test.hpp>

#include "fakes/captured_log.h"
#include "fakes/eventually.h"
#include "fakes/manual_clock.h"
#include "fakes/raw_client.h"
#include "observe/sample_records.h"
#include "web/http_server.h"

namespace traffictap {
namespace web {
namespace {

// Answers at once, with what the test says.
struct ToldAuthorizer final : observe::Authorizer {
  void Authorize(const observe::Credentials&, const std::set<std::string>& namespaces,
                 Done done) override {
    ++questions;
    asked = namespaces;
    if (answers) done(answer);
  }
  StatusOr<observe::Access> answer =
      observe::Access{.user = "max", .groups = {"a b", "c\"\n"}, .namespaces = {"shop"}};
  std::set<std::string> asked;
  int questions = 0;
  bool answers = true;
};

struct LiveStreamTest {
  fakes::CapturedLog audit{"audit"};
  fakes::ManualClock clock;
  observe::LiveHub hub{{}, &clock};
  ToldAuthorizer authorizer;
  LiveStreamOptions options;

  LiveStreamTest() {
    hub.SetTaps({"shop/all"});
    options.ns = "shop";
    options.query = "text=x\" reason=none\r\n\x1b[31m";
    options.credentials.peer = "10.0.0.1:5";
  }
  std::shared_ptr<LiveStream> Open() {
    observe::LiveRequest request;
    request.taps = {"shop/all"};
    request.follow = true;
    auto reader = observe::LiveReader::Open(&hub, request, authorizer.answer.value()).value();
    return std::make_shared<LiveStream>(std::move(reader), &authorizer, &clock, options);
  }
  // What comes at `seconds` later.
  std::string PullAfter(LiveStream& stream, int64_t seconds) {
    clock.Advance(seconds * base::kSecond);
    std::string out;
    ended = stream.Pull(&out) == BodySource::Next::kEnd;
    return out;
  }
  std::unique_ptr<HttpServer> Serve(base::Nanos stall_timeout) {
    HttpServerOptions server;
    server.address = "127.0.0.1:0";
    server.poll_interval = base::kMillisecond;
    server.stall_timeout = stall_timeout;
    return HttpServer::Start(server, {{"/healthz",
                                       [] {
                                         return HttpResponse{200, "text/plain", "ok\n"};
                                       }},
                                      {"/pairs",
                                       [this] {
                                         HttpResponse out;
                                         out.stream = Open();
                                         return out;
                                       }}})
        .value();
  }
  bool ended = false;
};

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(live_stream, LiveStreamTest)

BOOST_AUTO_TEST_CASE(the_audit_log_tells_who_began_to_read_what_and_how_it_ended) {
  auto stream = Open();
  const std::string who =
      "user=\"max\" groups=\"a?b,c??\" peer=10.0.0.1:5 namespace=\"shop\" taps=shop/all "
      "query=\"text=x??reason=none???[31m\"";
  BOOST_TEST_REQUIRE(audit.Lines("live reader began").size() == 1u);
  BOOST_TEST(audit.Lines("live reader began")[0] == "live reader began " + who);
  hub.Consume(observe::Records(3));
  hub.Consume(observe::BatchBuilder().Get("/x", 200, "bank").Build());
  PullAfter(*stream, 2);
  stream->Ended(StreamEnd::kReaderGone);
  BOOST_TEST_REQUIRE(audit.Lines("live reader ended").size() == 1u);
  BOOST_TEST(audit.Lines("live reader ended")[0] ==
             "live reader ended " + who +
                 " reason=ReaderGone seconds=2.0 sent=4 filtered=0 hidden=0 dropped=0");
}

BOOST_AUTO_TEST_CASE(a_refusal_is_told_without_what_could_forge_a_line) {
  observe::Credentials eve;
  eve.user = {"eve\nlive reader began", "", {"g"}, {}};
  eve.peer = "10.0.0.1:5";
  AuditRefusal(eve, "pairs", "bank", "a=\"b\"", absl::PermissionDeniedError("no"));
  BOOST_TEST(audit.Lines("live reader refused")[0] ==
             "live reader refused user=\"eve?live?reader?began\" groups=\"g\" peer=10.0.0.1:5 "
             "resource=pairs namespace=\"bank\" query=\"a=?b?\" reason=PERMISSION_DENIED");
}

BOOST_AUTO_TEST_CASE(a_right_is_asked_for_again_so_soon_that_a_minute_is_enough) {
  auto stream = Open();
  PullAfter(*stream, 49);
  BOOST_TEST(authorizer.questions == 0);
  PullAfter(*stream, 1);
  BOOST_TEST(authorizer.questions == 1);
  authorizer.answer = observe::Access{.user = "max", .namespaces = {"bank"}};
  BOOST_TEST(Has(PullAfter(*stream, 50), "\"reason\":\"RightRevoked\""));
  BOOST_TEST(ended);
}

BOOST_AUTO_TEST_CASE(a_user_that_is_none_any_more_is_out_at_once) {
  auto stream = Open();
  authorizer.answer = absl::UnauthenticatedError("who?");
  BOOST_TEST(Has(PullAfter(*stream, 50), "\"reason\":\"RightRevoked\""));
  stream->Ended(StreamEnd::kFinished);
  BOOST_TEST(Has(audit.Lines("live reader ended")[0], "reason=RightRevoked"));
}

BOOST_AUTO_TEST_CASE(while_nobody_can_tell_it_asks_again_and_ends_when_the_last_answer_is_old) {
  auto stream = Open();
  authorizer.answer = absl::UnavailableError("gone");
  for (int i = 0; i < 6; ++i) {
    BOOST_TEST(!Has(PullAfter(*stream, i == 0 ? 50 : 5), "End"));
    BOOST_TEST(authorizer.questions == i + 1);
  }
  BOOST_TEST(Has(PullAfter(*stream, 5), "\"reason\":\"RightUnconfirmed\""));
  BOOST_TEST(ended);
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_again_makes_it_go_on) {
  auto stream = Open();
  const auto allowed = authorizer.answer;
  authorizer.answer = absl::UnavailableError("gone");
  PullAfter(*stream, 50);
  PullAfter(*stream, 5);
  authorizer.answer = allowed;
  PullAfter(*stream, 5);
  authorizer.answer = absl::UnavailableError("gone");
  PullAfter(*stream, 50);
  BOOST_TEST(!ended);
}

BOOST_AUTO_TEST_CASE(an_answer_that_never_comes_ends_it_too) {
  auto stream = Open();
  authorizer.answers = false;
  BOOST_TEST(!Has(PullAfter(*stream, 79), "End"));
  BOOST_TEST(Has(PullAfter(*stream, 1), "\"reason\":\"RightUnconfirmed\""));
}

BOOST_AUTO_TEST_CASE(of_a_side_that_it_saw_reduced_the_right_is_asked_for_soon) {
  auto stream = Open();
  hub.Consume(observe::BatchBuilder().Get("/x", 200, "bank").Build());
  BOOST_TEST(Has(PullAfter(*stream, 1), "\"reduced\":true"));
  authorizer.answer = observe::Access{.user = "max", .namespaces = {"shop", "bank"}};
  PullAfter(*stream, 1);
  BOOST_TEST(authorizer.asked == (std::set<std::string>{"bank", "shop"}),
             boost::test_tools::per_element());
  hub.Consume(observe::BatchBuilder().Get("/y", 200, "bank").Build());
  const std::string then = PullAfter(*stream, 1);
  BOOST_TEST(Has(then, "/y"));
  BOOST_TEST(!Has(then, "reduced"));
}

BOOST_AUTO_TEST_CASE(a_reader_that_takes_nothing_is_cut_off_and_holds_nobody_up) {
  const auto server = Serve(200 * base::kMillisecond);
  fakes::RawClient reader(server->port());
  reader.Send("GET /pairs HTTP/1.1\r\nHost: x\r\n\r\n");
  reader.ReadUntil("Position");
  for (int i = 0; i < 20; ++i) hub.Consume(observe::Records(1000));  // more than sockets take
  BOOST_TEST(Has(fakes::Get(server->port(), "/healthz"), "ok"));
  BOOST_TEST(fakes::Eventually([&] { return !audit.Lines("live reader ended").empty(); }));
  BOOST_TEST(Has(audit.Lines("live reader ended")[0], "reason=Stalled"));
  BOOST_TEST(fakes::Eventually([&] { return hub.readers() == 0; }));
}

BOOST_AUTO_TEST_CASE(a_reader_that_says_something_is_not_taken_for_one_that_stalls) {
  const auto server = Serve(100 * base::kMillisecond);
  fakes::RawClient reader(server->port());
  reader.Send("GET /pairs HTTP/1.1\r\nHost: x\r\n\r\n");
  reader.ReadUntil("Position");
  reader.Send("anything");
  // As long as a stall, by the server's own timers.
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(fakes::Eventually(
      [&] { return std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(300); }));
  hub.Consume(observe::Records(1));
  BOOST_TEST(Has(reader.ReadUntil("\"path\":\"/0\""), "\"path\":\"/0\""));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace web
}  // namespace traffictap
