// SPDX-License-Identifier: Apache-2.0
#include "cli/records/live_relay.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "absl/synchronization/notification.h"
#include "fakes/fake_kube_client.h"
#include "observe/token_authorizer.h"

namespace traffictap {
namespace {

constexpr char kToken[] = "0123456789abcdef";

struct Fixture {
  Fixture() {
    auto made = std::make_unique<fakes::FakeKubeClient>();
    client = made.get();
    cluster.client = std::move(made);
    cluster.ns = "shop";
    client->AnswerStreams(
        [this](const std::string& path, const kube::StreamHandlers& to, std::stop_token) -> Status {
          streamed = path;
          if (!refusal.ok()) return refusal;
          to.on_open();
          return to.on_bytes(bytes);
        });
    relay = std::make_unique<cli::LiveRelay>(&cluster, &authorizer);
  }

  web::HttpResponse Ask(const std::string& path, const std::string& query,
                        std::map<std::string, std::string> headers = {}) {
    headers.try_emplace("host", "127.0.0.1:80");
    headers.try_emplace("authorization", std::string("Bearer ") + kToken);
    web::HttpResponse out;
    absl::Notification answered;
    web::HttpRequest request;
    request.path = path;
    request.query = query;
    request.headers = {headers.begin(), headers.end()};
    relay->Routes().at(path)(request, [&](web::HttpResponse response) {
      out = std::move(response);
      answered.Notify();
    });
    answered.WaitForNotification();
    return out;
  }

  fakes::FakeKubeClient* client;
  cli::Cluster cluster;
  observe::TokenAuthorizer authorizer{kToken};
  std::string streamed;
  std::string bytes = "{}\n";
  Status refusal;
  std::unique_ptr<cli::LiveRelay> relay;
};

// All that a body has to say.
std::string Drain(web::BodySource& body) {
  std::string out;
  while (body.Pull(&out) != web::BodySource::Next::kEnd) std::this_thread::yield();
  body.Ended(web::StreamEnd::kFinished);
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(live_relay, Fixture)

BOOST_AUTO_TEST_CASE(a_stream_is_handed_on_under_the_name_that_the_cluster_has_for_it) {
  const auto answer =
      Ask("/api/v1/pairs", "follow=true&tap=shop%2Ft", {{"accept", "text/event-stream"}});
  BOOST_TEST(answer.code == 200);
  BOOST_TEST(answer.content_type == "text/event-stream");
  BOOST_REQUIRE(answer.stream);
  BOOST_TEST(Drain(*answer.stream) == "{}\n");
  BOOST_TEST(streamed ==
             "/apis/tap.traffictap.io/v1alpha1/namespaces/shop/pairs?watch=true&tap=shop%2Ft");
}

BOOST_AUTO_TEST_CASE(other_paths_are_calls) {
  client->SetRaw("/apis/tap.traffictap.io/v1alpha1/namespaces/shop/summaries?window=60s",
                 "{\"a\":1}");
  const auto answer = Ask("/api/v1/summary", "window=60s");
  BOOST_TEST(answer.code == 200);
  BOOST_TEST(answer.body == "{\"a\":1}");
  BOOST_TEST(Ask("/api/v1/taps", "").code == 404);
}

BOOST_AUTO_TEST_CASE(whoever_lacks_the_token_or_comes_from_elsewhere_gets_nothing) {
  BOOST_TEST(Ask("/api/v1/pairs", "", {{"authorization", "Bearer guessed"}}).code == 401);
  BOOST_TEST(Ask("/api/v1/pairs", "", {{"host", "shop.example"}}).code == 403);
  BOOST_TEST(Ask("/api/v1/pairs", "", {{"origin", "http://shop.example"}}).code == 403);
  BOOST_TEST(streamed == "");
}

BOOST_AUTO_TEST_CASE(what_the_cluster_refuses_is_told_as_it_is) {
  refusal = kube::ToStatus({403, "Forbidden", "", "no right", {}}, "stream", "x");
  const auto answer = Ask("/api/v1/pairs", "follow=true");
  BOOST_TEST(answer.code == 403);
  BOOST_TEST(answer.body.find("no right") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_reader_that_goes_ends_what_was_read_for_it) {
  bytes = std::string(3 << 20, 'x');
  absl::Notification gone;
  client->AnswerStreams([&](const std::string&, const kube::StreamHandlers& to, std::stop_token) {
    to.on_open();
    Status put;
    while (put.ok()) put = to.on_bytes(bytes);
    gone.Notify();
    return put;
  });
  const auto answer = Ask("/api/v1/pairs", "follow=true");
  answer.stream->Ended(web::StreamEnd::kReaderGone);
  BOOST_TEST(gone.WaitForNotificationWithTimeout(absl::Seconds(30)));
}

BOOST_AUTO_TEST_CASE(its_end_is_that_of_all_streams_and_it_waits_for_them) {
  std::atomic<bool> ended = false;
  client->AnswerStreams([&](const std::string&, const kube::StreamHandlers& to,
                            const std::stop_token& stop) -> Status {
    to.on_open();
    absl::Notification asked;
    const std::stop_callback on_stop(stop, [&] { asked.Notify(); });
    asked.WaitForNotification();
    ended = true;
    return absl::CancelledError("stopped");
  });
  const auto answer = Ask("/api/v1/pairs", "follow=true");
  BOOST_TEST(answer.code == 200);
  relay->Close();
  BOOST_TEST(ended.load());
  BOOST_TEST(Drain(*answer.stream).empty());
  BOOST_TEST(Ask("/api/v1/pairs", "follow=true").code == 503);
  BOOST_TEST(Ask("/api/v1/taps", "").code == 503);
  relay->Close();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
