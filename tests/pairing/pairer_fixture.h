// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>

#include "fakes/collecting_consumer.h"
#include "fakes/entry_builder.h"
#include "pairing/known_peers.h"
#include "pairing/pairer.h"

namespace traffictap {

inline constexpr char kId[] = "11111111-2222-4333-8444-555555555555";

// A pairer with windows of five seconds, and halves of one request and connection.
struct PairerTest {
  PairerTest() { Make(size_t{1} << 30); }
  void Make(size_t waiting_bytes_max) {
    pairing::PairerOptions options;
    options.waiting_bytes_max = waiting_bytes_max;
    options.window = [](const traffic::TapSet&) { return 5 * base::kSecond; };
    pairer = std::make_unique<pairing::Pairer>(options, &peers, &collected);
  }
  void Add(const fakes::EntryBuilder& builder, const std::string& ip = "10.0.0.1") {
    traffic::EntryBatch batch(fakes::MakeNode(ip));
    auto* entry = batch.Add(builder.entry());
    entry->taps.Add(0);
    entry->arrival = now;
    pairer->Add(batch, now);
  }
  void AddIn(const std::string& network, const fakes::EntryBuilder& builder,
             const std::string& ip) {
    const auto node = std::make_shared<traffic::Node>(*fakes::MakeNode(ip));
    node->network = network;
    traffic::EntryBatch batch(node);
    batch.Add(builder.entry())->taps.Add(0);
    pairer->Add(batch, now);
  }
  void Turn(base::Nanos by) { pairer->Advance(now += by); }
  fakes::Emitted Last() {
    BOOST_REQUIRE(!collected.emitted.empty());
    return collected.emitted.back();
  }
  static fakes::EntryBuilder Client(const std::string& tag) {
    return fakes::EntryBuilder::Client().Tag(tag).Id(kId).Connection("10.0.0.1:5000",
                                                                     "10.0.0.2:80");
  }
  static fakes::EntryBuilder Server(const std::string& tag) {
    return fakes::EntryBuilder::Server().Tag(tag).Id(kId).Connection("10.0.0.1:5000",
                                                                     "10.0.0.2:80");
  }

  base::Nanos now = 1'000 * base::kSecond;
  KnownPeers peers;
  fakes::CollectingConsumer collected;
  std::unique_ptr<pairing::Pairer> pairer;
};

}  // namespace traffictap
