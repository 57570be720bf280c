// SPDX-License-Identifier: Apache-2.0
#include "shuffle/proxy_reader.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fakes/captured_log.h"
#include "fakes/manual_clock.h"
#include "fakes/temp_dir.h"
#include "fmt/format.h"
#include "shuffle/fake_proxy_topic.h"
#include "shuffle/noted_proxies.h"
#include "shuffle/proxy_state.h"
#include "shuffle/sample_keys.h"

namespace traffictap {

using base::kSecond;

struct ProxyReaderTest {
  ProxyReaderTest() { Make({}); }
  void Make(shuffle::ProxyReaderOptions options) {
    reader = std::make_unique<shuffle::ProxyReader>(std::move(options), &log, &proxies, &clock);
  }
  void Say(const std::string& key, const std::string& receiver, const std::string& ip,
           uint32_t streams = 1, shuffle::BlockCipher* cipher = nullptr) {
    topic.emplace_back(key,
                       shuffle::EncodeProxyState({receiver, SampleProxy(ip, streams)}, cipher));
  }
  static std::shared_ptr<shuffle::BlockCipher> Cipher(const std::string& key = "2026-11") {
    return std::make_shared<shuffle::BlockCipher>(
        shuffle::BlockCipherOptions{"proxies", false, "a state", "traffictap.v1.ProxyState"},
        SampleKeys(key));
  }

  fakes::ManualClock clock;
  FakeProxyTopic topic;
  FakeProxyLog log{&topic};
  NotedProxies proxies;
  std::unique_ptr<shuffle::ProxyReader> reader;
};

BOOST_FIXTURE_TEST_SUITE(proxy_reader, ProxyReaderTest)

BOOST_AUTO_TEST_CASE(the_topic_is_read_from_its_beginning_and_followed) {
  Say("1", "r", "10.0.0.1");
  Say("2", "s", "10.0.0.1", 2);
  BOOST_TEST(!reader->state().begun);
  {
    const fakes::CapturedLog lines("shuffle");
    for (int i = 0; i < 3; ++i) reader->Turn();
    BOOST_TEST(lines.Lines("knows which proxies there are proxies=2").size() == 1u);
  }
  BOOST_TEST(
      (proxies.known == std::map<std::string, uint32_t>{{"r 10.0.0.1", 1}, {"s 10.0.0.1", 2}}));
  BOOST_TEST(proxies.complete());
  BOOST_TEST(reader->state().begun);
  BOOST_TEST(reader->state().complete);
  BOOST_TEST(reader->state().proxies == 2u);
  Say("1", "r", "10.0.0.1", 4);
  topic.emplace_back("2", std::nullopt);
  topic.emplace_back("unknown", std::nullopt);
  reader->Turn();
  BOOST_TEST((proxies.known == std::map<std::string, uint32_t>{{"r 10.0.0.1", 4}}));
  BOOST_TEST(proxies.formers == 1);
  BOOST_TEST(reader->state().proxies == 1u);
}

BOOST_AUTO_TEST_CASE(an_empty_topic_is_known_to_be_empty) {
  reader->Turn();
  BOOST_TEST(reader->state().begun);
  BOOST_TEST(proxies.complete());
}

BOOST_AUTO_TEST_CASE(a_turn_takes_no_more_than_it_may) {
  shuffle::ProxyReaderOptions options;
  options.messages_max = 10;
  Make(options);
  for (int i = 0; i < 25; ++i) Say(std::to_string(i), "r", fmt::format("10.0.0.{}", i + 1));
  reader->Turn();
  BOOST_TEST(proxies.known.size() == 10u);
  BOOST_TEST(!proxies.complete());
  for (int i = 0; i < 2; ++i) reader->Turn();
  BOOST_TEST(proxies.known.size() == 25u);
  BOOST_TEST(proxies.complete());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_counted_by_reason_and_skipped) {
  const auto cipher = Cipher();
  shuffle::ProxyReaderOptions options;
  options.cipher = cipher;
  Make(options);
  topic.emplace_back("a", "nothing of ours");
  Say("b", "r", "10.0.0.1");  // plain
  Say("c", "r", "10.0.0.2", 1, Cipher("other").get());
  topic.emplace_back("d", shuffle::JoinMessage(std::string("\x08\x07", 2), ""));
  Say("e", "r", "10.0.0.3", 1, cipher.get());
  const fakes::CapturedLog lines("shuffle");
  reader->Turn();
  BOOST_TEST(proxies.known.size() == 1u);
  const auto counters = reader->state().counters;
  BOOST_TEST(counters.broken == 1u);
  BOOST_TEST(counters.refused == 1u);
  BOOST_TEST(counters.no_key == 1u);
  BOOST_TEST(counters.newer == 1u);
  BOOST_TEST(lines.Lines("message about a proxy skipped").size() == 1u);
}

BOOST_AUTO_TEST_CASE(with_a_key_that_comes_later_all_is_read_again) {
  const fakes::TempDir dir;
  dir.Write("old", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=");
  dir.Write("current", "old");
  auto opened = shuffle::BlockCipher::Open(
      {"proxies", false, "a state", "traffictap.v1.ProxyState"}, dir.path().string(), &clock);
  BOOST_REQUIRE_MESSAGE(opened.ok(), Message(opened.status()));
  shuffle::ProxyReaderOptions options;
  options.cipher = *opened;
  Make(options);
  Say("1", "r", "10.0.0.1", 1, Cipher().get());
  reader->Turn();
  BOOST_TEST(reader->state().counters.no_key == 1u);
  dir.Write("2026-11", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
  for (int i = 0; i < 3; ++i) {
    clock.Advance(3 * kSecond);
    reader->Turn();
  }
  BOOST_TEST(proxies.known.size() == 1u);
  BOOST_TEST(log.opens == 2);
}

BOOST_AUTO_TEST_CASE(no_more_proxies_are_kept_than_there_is_room_for) {
  shuffle::ProxyReaderOptions options;
  options.proxies_max = 2;
  Make(options);
  for (int i = 0; i < 3; ++i) Say(std::to_string(i), "r", fmt::format("10.0.0.{}", i + 1));
  Say("0", "r", "10.0.0.1", 7);
  reader->Turn();
  BOOST_TEST(reader->state().proxies == 2u);
  BOOST_TEST(reader->state().counters.no_room == 1u);
  BOOST_TEST(proxies.known["r 10.0.0.1"] == 7u);
  proxies.full = true;
  Say("0", "r", "10.0.0.1", 8);
  reader->Turn();
  BOOST_TEST(reader->state().counters.no_room == 2u);
  BOOST_TEST(reader->state().proxies == 1u);
}

BOOST_AUTO_TEST_CASE(a_topic_that_cannot_be_opened_is_tried_again_every_two_seconds) {
  log.open_status = absl::FailedPreconditionError("it does not exist");
  const fakes::CapturedLog lines("shuffle");
  for (int i = 0; i < 10; ++i) {
    reader->Turn();
    clock.Advance(kSecond);
  }
  BOOST_TEST(log.opens == 5);
  BOOST_TEST(Message(reader->state().trouble) == "it does not exist");
  BOOST_TEST(!reader->state().begun);
  BOOST_TEST(lines.Lines("cannot read which proxies there are").size() == 1u);
  log.open_status = absl::OkStatus();
  clock.Advance(2 * kSecond);
  reader->Turn();
  BOOST_TEST(reader->state().begun);
  BOOST_TEST(reader->state().trouble.ok());
}

BOOST_AUTO_TEST_CASE(a_topic_that_goes_away_is_told_of_and_what_is_known_stays) {
  Say("1", "r", "10.0.0.1");
  reader->Turn();
  const fakes::CapturedLog lines("shuffle");
  for (int i = 0; i < 5; ++i) {
    log.Fail(absl::FailedPreconditionError("it was deleted"));
    reader->Turn();
    clock.Advance(kSecond);
  }
  BOOST_TEST(lines.Lines("cannot read which proxies there are, what is known").size() == 1u);
  BOOST_TEST(Message(reader->state().trouble) == "it was deleted");
  BOOST_TEST(reader->state().begun);
  BOOST_TEST(proxies.known.size() == 1u);
  BOOST_TEST(proxies.complete());
  // Where it does not come back by itself, it is opened again.
  clock.Advance(30 * kSecond);
  reader->Turn();
  BOOST_TEST(log.closes == 1);
  BOOST_TEST(!proxies.complete());
  BOOST_TEST(proxies.known.size() == 1u);
  reader->Turn();
  BOOST_TEST(log.opens == 2);
  BOOST_TEST(proxies.complete());
  BOOST_TEST(reader->state().trouble.ok());
}

BOOST_AUTO_TEST_CASE(a_log_that_asks_for_it_is_opened_again_at_once) {
  reader->Turn();
  clock.Advance(10 * kSecond);
  log.Fail(absl::UnavailableError("the certificates have changed"), true);
  reader->Turn();
  reader->Turn();
  BOOST_TEST(log.opens == 2);
}

BOOST_AUTO_TEST_CASE(the_proxies_of_receivers_that_are_long_gone_are_forgotten) {
  Say("1", "r", "10.0.0.1");
  Say("2", "s", "10.0.0.2");
  for (int i = 0; i < 10; ++i) {
    reader->Turn();
    clock.Advance(10 * kSecond);
  }
  BOOST_TEST(proxies.sweeps == 2);
  proxies.silent = {"r"};
  clock.Advance(60 * kSecond);
  reader->Turn();
  BOOST_TEST(reader->state().proxies == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
