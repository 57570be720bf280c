// SPDX-License-Identifier: Apache-2.0
#include "shuffle/proxy_state.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <random>
#include <string>

#include "shuffle/fake_proxy_topic.h"
#include "shuffle/sample_keys.h"
#include "shuffle/topic_message.h"
#include "shuffle/wire_fields.h"

namespace traffictap {

using base::kSecond;
using shuffle::DecodeProxyState;
using shuffle::EncodeProxyState;
using shuffle::ProxyState;

namespace {

std::shared_ptr<shuffle::BlockCipher> Cipher(const std::string& topic = "proxies",
                                             bool accept_plain = false,
                                             const std::string& key = "2026-11") {
  return std::make_shared<shuffle::BlockCipher>(
      shuffle::BlockCipherOptions{topic, accept_plain, "a proxy's state",
                                  "traffictap.v1.ProxyState"},
      SampleKeys(key));
}

ProxyState Sample() {
  ProxyState out{"receiver-0-0123", SampleProxy("10.0.0.1", 3)};
  auto node = std::make_shared<traffic::Node>(*out.proxy.node);
  node->addresses.push_back(*traffic::ParseSocketAddress("fd00::1", 0));
  node->network = "east";
  node->labels = {{"app", "cart"}, {"version", "v2"}};
  node->cluster_id = "one";
  out.proxy.node = node;
  out.proxy.last_loss = 110 * kSecond;
  return out;
}

void Same(const ProxyState& a, const ProxyState& b) {
  BOOST_TEST(a.receiver == b.receiver);
  BOOST_TEST(a.proxy.streams == b.proxy.streams);
  BOOST_TEST(a.proxy.first_opened == b.proxy.first_opened);
  BOOST_TEST(a.proxy.last_loss == b.proxy.last_loss);
  BOOST_TEST(a.proxy.last_seen == b.proxy.last_seen);
  const auto &x = *a.proxy.node, &y = *b.proxy.node;
  BOOST_TEST(x.id == y.id);
  BOOST_TEST(x.ns == y.ns);
  BOOST_TEST(x.workload == y.workload);
  BOOST_TEST(x.network == y.network);
  BOOST_TEST(x.cluster_id == y.cluster_id);
  BOOST_TEST((x.labels == y.labels));
  BOOST_TEST((x.addresses == y.addresses));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(proxy_state)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_plain_and_encrypted) {
  const auto cipher = Cipher();
  for (auto* with : {static_cast<shuffle::BlockCipher*>(nullptr), cipher.get()}) {
    ProxyState state = Sample();
    for (const base::Nanos loss : {base::Nanos{0}, kSecond, pairing::RemoteProxy::kNever}) {
      state.proxy.last_loss = loss;
      const auto read = DecodeProxyState(EncodeProxyState(state, with), with);
      BOOST_REQUIRE_MESSAGE(read.ok(), Message(read.status()));
      Same(*read, state);
    }
    state.proxy.node = fakes::MakeNode("");
    state.proxy.streams = 0;
    const auto bare = DecodeProxyState(EncodeProxyState(state, with), with);
    BOOST_REQUIRE(bare.ok());
    Same(*bare, state);
  }
}

BOOST_AUTO_TEST_CASE(nothing_of_the_proxy_is_in_a_message_that_is_encrypted) {
  const std::string plain = EncodeProxyState(Sample());
  const std::string bytes = EncodeProxyState(Sample(), Cipher().get());
  for (const char* word : {"receiver-0", "web-0", "shop", "east", "cart", "10.0.0.1"}) {
    BOOST_TEST(plain.find(word) != std::string::npos, word);
    BOOST_TEST(bytes.find(word) == std::string::npos, word);
  }
}

BOOST_AUTO_TEST_CASE(a_message_is_refused_without_its_key_of_another_topic_and_plain) {
  const auto cipher = Cipher();
  const std::string bytes = EncodeProxyState(Sample(), cipher.get());
  const auto closed = DecodeProxyState(bytes).status();
  BOOST_TEST(absl::IsFailedPrecondition(closed));
  BOOST_TEST(Message(closed).find("a proxy's state is encrypted with key \"2026-11\"") !=
             std::string::npos);
  const auto lacked = DecodeProxyState(bytes, Cipher("proxies", false, "other").get()).status();
  BOOST_TEST(absl::IsFailedPrecondition(lacked));
  BOOST_TEST(Message(lacked).find("a proxy's state") != std::string::npos, Message(lacked));
  BOOST_TEST(absl::IsUnauthenticated(DecodeProxyState(bytes, Cipher("elsewhere").get()).status()));
  // As a block of halves of the same topic would be.
  BOOST_TEST(absl::IsUnauthenticated(
      DecodeProxyState(bytes, MakeCipher(SampleKeys(), false, "proxies").get()).status()));
  const std::string plain = EncodeProxyState(Sample());
  BOOST_TEST(absl::IsUnauthenticated(DecodeProxyState(plain, cipher.get()).status()));
  BOOST_TEST(DecodeProxyState(plain, Cipher("proxies", true).get()).ok());
}

BOOST_AUTO_TEST_CASE(unknown_fields_are_skipped_and_a_newer_major_format_is_named) {
  const std::string bytes = EncodeProxyState(Sample());
  const auto parts = *shuffle::SplitMessage(bytes, "a message");
  traffic::ByteWriter more;
  shuffle::PutNumber(40, 7, &more);
  shuffle::PutBytes(41, "something", &more);
  const std::string extra = more.Take();
  const auto read = DecodeProxyState(
      shuffle::JoinMessage(std::string(parts.header) + extra, std::string(parts.body) + extra) +
      extra);
  BOOST_REQUIRE(read.ok());
  Same(*read, Sample());
  traffic::ByteWriter header;
  shuffle::PutNumber(1, 3, &header);
  shuffle::PutNumber(2, 1, &header);
  const auto newer = DecodeProxyState(shuffle::JoinMessage(header.Take(), "")).status();
  BOOST_TEST(absl::IsUnimplemented(newer));
  BOOST_TEST(Message(newer).find("a proxy's state has format 3.1") != std::string::npos);
  BOOST_TEST(absl::IsDataLoss(DecodeProxyState(shuffle::JoinMessage("", parts.body)).status()));
}

BOOST_AUTO_TEST_CASE(a_body_without_a_proxy_or_receiver_or_with_too_much_is_refused) {
  const auto with = [](auto change) {
    ProxyState state = Sample();
    auto node = std::make_shared<traffic::Node>(*state.proxy.node);
    change(&state, node.get());
    state.proxy.node = node;
    return DecodeProxyState(EncodeProxyState(state)).status();
  };
  BOOST_TEST(with([](ProxyState*, traffic::Node*) {}).ok());
  BOOST_TEST(absl::IsDataLoss(with([](ProxyState* s, auto*) { s->receiver.clear(); })));
  BOOST_TEST(absl::IsDataLoss(with([](ProxyState*, traffic::Node* node) {
    node->labels["long"] = std::string(shuffle::kProxyNodeBytesMax, 'x');
  })));
  BOOST_TEST(absl::IsDataLoss(
      with([](ProxyState* s, auto*) { s->receiver.assign(shuffle::kReceiverBytesMax + 1, 'r'); })));
  BOOST_TEST(absl::IsDataLoss(with([](auto*, traffic::Node* node) {
    node->addresses.assign(shuffle::kProxyAddressesMax + 1, node->addresses.front());
  })));
  const std::string bytes = EncodeProxyState(Sample());
  const auto parts = *shuffle::SplitMessage(bytes, "a message");
  BOOST_TEST(absl::IsDataLoss(DecodeProxyState(shuffle::JoinMessage(parts.header, "")).status()));
}

BOOST_AUTO_TEST_CASE(any_bytes_are_safe) {
  std::mt19937 random(7);
  const auto cipher = Cipher();
  for (auto* with : {static_cast<shuffle::BlockCipher*>(nullptr), cipher.get()}) {
    const std::string whole = EncodeProxyState(Sample(), with);
    for (size_t size = 0; size < whole.size(); ++size) {
      BOOST_TEST(!DecodeProxyState(whole.substr(0, size), with).ok());
    }
    for (int i = 0; i < 500; ++i) {
      std::string bytes = whole;
      bytes[random() % bytes.size()] ^= static_cast<char>(1u << random() % 8);
      const auto read = DecodeProxyState(bytes, with);
      if (read.ok()) Same(*read, Sample());
    }
  }
  // With checksums that fit.
  const std::string plain = EncodeProxyState(Sample());
  const auto parts = *shuffle::SplitMessage(plain, "a message");
  for (int i = 0; i < 2'000; ++i) {
    std::string body(parts.body);
    body[random() % body.size()] = static_cast<char>(random());
    DecodeProxyState(shuffle::JoinMessage(parts.header, body)).IgnoreError();
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
