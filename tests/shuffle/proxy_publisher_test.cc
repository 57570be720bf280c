// SPDX-License-Identifier: Apache-2.0
#include "shuffle/proxy_publisher.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "fakes/captured_log.h"
#include "fakes/manual_clock.h"
#include "fmt/format.h"
#include "shuffle/fake_proxy_topic.h"
#include "shuffle/proxy_state.h"
#include "shuffle/sample_keys.h"

namespace traffictap {

using base::kMillisecond;
using base::kSecond;

struct ProxyPublisherTest {
  static shuffle::ProxyPublisherOptions Options() {
    shuffle::ProxyPublisherOptions out;
    out.receiver = "r";
    out.proxies_max = 50;
    return out;
  }
  pairing::RemoteProxy Proxy(const std::string& ip, uint32_t streams = 1) const {
    auto out = SampleProxy(ip, streams);
    out.first_opened = out.last_seen = clock.Monotonic();
    return out;
  }
  // Turns for so long, several a second, and tells how many messages that made.
  size_t Pass(base::Nanos time) {
    const size_t before = topic.size();
    for (base::Nanos passed = 0; passed < time; passed += 100 * kMillisecond) {
      clock.Advance(100 * kMillisecond);
      publisher.Turn();
    }
    return topic.size() - before;
  }
  shuffle::ProxyState Last() const {
    BOOST_REQUIRE(!topic.empty());
    return shuffle::DecodeProxyState(topic.back().second.value()).value();
  }

  fakes::ManualClock clock;
  FakeProxyTopic topic;
  FakeProxyOutlet outlet{&topic};
  shuffle::ProxyPublisher publisher{Options(), &outlet, &clock};
};

BOOST_FIXTURE_TEST_SUITE(proxy_publisher, ProxyPublisherTest)

BOOST_AUTO_TEST_CASE(a_change_is_written_with_the_next_turn_under_a_key_of_the_proxy) {
  publisher.Turn();
  BOOST_TEST(topic.empty());
  BOOST_TEST(publisher.state().open);
  const auto first = Proxy("10.0.0.1", 2);
  publisher.Update(first);
  publisher.Turn();
  BOOST_REQUIRE(topic.size() == 1u);
  BOOST_TEST(Last().receiver == "r");
  BOOST_TEST(Last().proxy.streams == 2u);
  BOOST_TEST(Last().proxy.first_opened == first.first_opened);
  BOOST_TEST(Last().proxy.node->workload == "web");
  publisher.Update(Proxy("10.0.0.2"));
  publisher.Turn();
  BOOST_REQUIRE(topic.size() == 2u);
  BOOST_TEST(topic[0].first != topic[1].first);
  BOOST_TEST(topic[0].first.size() == 16u);
  clock.Advance(kSecond);
  publisher.Update(Proxy("10.0.0.1", 3));
  publisher.Turn();
  BOOST_REQUIRE(topic.size() == 3u);
  BOOST_TEST(topic[2].first == topic[0].first);
  BOOST_TEST(publisher.state().written == 3u);
}

BOOST_AUTO_TEST_CASE(proxies_without_an_address_and_of_other_networks_have_keys_of_their_own) {
  auto east = Proxy("10.0.0.1");
  auto node = std::make_shared<traffic::Node>(*east.node);
  node->network = "east";
  east.node = node;
  for (const auto& proxy : {Proxy("10.0.0.1"), east, Proxy("")}) publisher.Update(proxy);
  auto other = Proxy("");
  other.node = fakes::MakeNode("", "other");
  publisher.Update(other);
  publisher.Turn();
  std::set<std::string> keys;
  for (const auto& message : topic) keys.insert(message.first);
  BOOST_TEST(keys.size() == 4u);
  // Of another life none is the same.
  auto options = Options();
  options.receiver = "r2";
  shuffle::ProxyPublisher second(options, &outlet, &clock);
  second.Update(Proxy("10.0.0.1"));
  second.Turn();
  BOOST_TEST(!keys.contains(topic.back().first));
}

BOOST_AUTO_TEST_CASE(a_proxy_that_changes_all_the_time_is_written_once_a_second) {
  publisher.Turn();
  size_t messages = 0;
  for (uint32_t i = 0; i < 100; ++i) {
    publisher.Update(Proxy("10.0.0.1", i + 1));
    messages += Pass(100 * kMillisecond);
  }
  BOOST_TEST(messages >= 10u);
  BOOST_TEST(messages <= 11u);
  Pass(kSecond);
  BOOST_TEST(Last().proxy.streams == 100u);
}

BOOST_AUTO_TEST_CASE(all_is_written_again_each_ten_minutes_and_not_at_one_moment) {
  for (int i = 0; i < 40; ++i) publisher.Update(Proxy(fmt::format("10.0.0.{}", i + 1)));
  publisher.Turn();
  BOOST_TEST(topic.size() == 40u);
  size_t most = 0;
  std::map<std::string, int> times;
  for (int minute = 0; minute < 20; ++minute) {
    const size_t before = topic.size();
    most = std::max(most, Pass(60 * kSecond));
    for (size_t i = before; i < topic.size(); ++i) ++times[topic[i].first];
  }
  BOOST_TEST(times.size() == 40u);
  for (const auto& [key, count] : times) BOOST_TEST(count == 2);
  BOOST_TEST(most < 20u);
}

BOOST_AUTO_TEST_CASE(a_proxy_that_is_gone_for_long_is_forgotten_by_the_topic) {
  publisher.Update(Proxy("10.0.0.1"));
  publisher.Turn();
  clock.Advance(kSecond);
  publisher.Update(Proxy("10.0.0.1", 0));
  publisher.Turn();
  BOOST_TEST(Last().proxy.streams == 0u);
  BOOST_TEST(Last().proxy.node->addresses.size() == 1u);
  BOOST_TEST(Last().proxy.node->workload.empty());
  BOOST_TEST(Last().proxy.node->labels.empty());
  Pass(Options().kept - kSecond);
  BOOST_TEST(topic.back().second.has_value());
  Pass(2 * kSecond);
  BOOST_TEST(!topic.back().second.has_value());
  BOOST_TEST(topic.back().first == topic.front().first);
  BOOST_TEST(Pass(1'200 * kSecond) == 0u);
  // It may come again, as another one.
  publisher.Update(Proxy("10.0.0.1"));
  publisher.Turn();
  BOOST_TEST(topic.back().first != topic.front().first);
}

BOOST_AUTO_TEST_CASE(beyond_its_bound_those_that_are_gone_are_forgotten_soon) {
  for (int i = 0; i < 60; ++i) {
    publisher.Update(Proxy(fmt::format("10.0.0.{}", i + 1)));
    publisher.Turn();
    clock.Advance(kSecond);
    publisher.Update(Proxy(fmt::format("10.0.0.{}", i + 1), 0));
    publisher.Turn();
  }
  Pass(600 * kSecond);
  const auto forgotten = std::count_if(topic.begin(), topic.end(),
                                       [](const auto& message) { return !message.second; });
  BOOST_TEST(forgotten == 10);
}

BOOST_AUTO_TEST_CASE(what_the_topic_does_not_take_is_written_again_as_it_is_then) {
  publisher.Turn();
  outlet.now = absl::UnavailableError("no broker");
  publisher.Update(Proxy("10.0.0.1", 1));
  publisher.Update(Proxy("10.0.0.2", 0));
  {
    const fakes::CapturedLog log("shuffle");
    Pass(10 * kSecond);
    BOOST_TEST(log.Lines("cannot say which proxies are here").size() == 1u);
  }
  BOOST_TEST(topic.empty());
  BOOST_TEST(Message(publisher.state().trouble) == "no broker");
  BOOST_TEST(publisher.state().failed > 2u);
  publisher.Update(Proxy("10.0.0.1", 5));
  outlet.now = absl::OkStatus();
  Pass(3 * kSecond);
  BOOST_TEST(topic.size() == 2u);
  BOOST_TEST(publisher.state().trouble.ok());
  for (const auto& [key, value] : topic) {
    const auto state = shuffle::DecodeProxyState(value.value()).value();
    BOOST_TEST(state.proxy.streams == (state.proxy.node->ip == "10.0.0.1" ? 5u : 0u));
  }
}

BOOST_AUTO_TEST_CASE(a_key_that_the_topic_did_not_forget_is_told_again) {
  publisher.Update(Proxy("10.0.0.1", 0));
  publisher.Turn();
  outlet.now = absl::UnavailableError("no broker");
  Pass(Options().kept + 10 * kSecond);
  BOOST_TEST(topic.back().second.has_value());
  outlet.now = absl::OkStatus();
  BOOST_TEST(Pass(3 * kSecond) == 1u);
  BOOST_TEST(!topic.back().second.has_value());
}

BOOST_AUTO_TEST_CASE(a_topic_that_does_not_fit_is_asked_for_again_and_nothing_is_lost_meanwhile) {
  outlet.open_status = absl::FailedPreconditionError("it does not exist");
  publisher.Update(Proxy("10.0.0.1"));
  Pass(10 * kSecond);
  BOOST_TEST(!publisher.state().open);
  BOOST_TEST(Message(publisher.state().trouble) == "it does not exist");
  BOOST_TEST(outlet.opens >= 4);
  BOOST_TEST(outlet.opens <= 6);
  outlet.open_status = absl::OkStatus();
  Pass(3 * kSecond);
  BOOST_TEST(topic.size() == 1u);
}

BOOST_AUTO_TEST_CASE(no_more_is_on_its_way_than_allowed) {
  outlet.pending_now = Options().pending_max;
  publisher.Update(Proxy("10.0.0.1"));
  BOOST_TEST(Pass(kSecond) == 0u);
  outlet.pending_now = 0;
  BOOST_TEST(Pass(kSecond) == 1u);
}

BOOST_AUTO_TEST_CASE(at_the_end_all_that_was_said_is_taken_back) {
  for (const char* ip : {"10.0.0.1", "10.0.0.2"}) publisher.Update(Proxy(ip));
  publisher.Turn();
  publisher.Update(Proxy("10.0.0.3"));
  publisher.Finish(kSecond);
  BOOST_TEST(outlet.closed);
  BOOST_REQUIRE(topic.size() == 4u);
  BOOST_TEST(!topic[2].second.has_value());
  BOOST_TEST(!topic[3].second.has_value());
}

BOOST_AUTO_TEST_CASE(with_keys_it_is_encrypted) {
  auto options = Options();
  options.cipher = std::make_shared<shuffle::BlockCipher>(
      shuffle::BlockCipherOptions{"proxies", false, "a state", "traffictap.v1.ProxyState"},
      SampleKeys());
  shuffle::ProxyPublisher sealed(options, &outlet, &clock);
  sealed.Update(Proxy("10.0.0.1"));
  sealed.Turn();
  const std::string& bytes = topic.back().second.value();
  BOOST_TEST(!shuffle::DecodeProxyState(bytes).ok());
  BOOST_TEST(shuffle::DecodeProxyState(bytes, options.cipher.get()).ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
